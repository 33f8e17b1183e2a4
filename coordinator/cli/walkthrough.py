"""The whole protocol with curl, ready to paste. The README shows the same text, and a test runs it."""

from typing import Final

__all__ = ["walkthrough"]

_STEPS: Final = """\
field() { python3 -c 'import json, sys
value = json.load(sys.stdin)
for step in sys.argv[1:]: value = value[int(step) if step.isdigit() else step]
print(value)' "$@"; }
api() { curl -sS --fail-with-body -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' "$@"; }

head -c 20000000 /dev/urandom > big.bin                                # a file
api "$URL/v1/uploads" -d '{"filename": "big.bin", "size": 20000000, "sign": 3}' > start.json
ID=$(field upload id < start.json)
split -b "$(field upload part_size < start.json)" -d -a 1 big.bin big.part-
for n in 0 1 2; do                                                     # each part straight to the store
  curl -sS --fail-with-body -T "big.part-$n" "$(field parts $n url < start.json)"
done
api "$URL/v1/uploads/$ID/complete" -d '{}' | field state
curl -sS "$(api "$URL/v1/uploads/$ID/download" | field url)" | cmp - big.bin && echo "the same bytes"
"""


def walkthrough(url: str, api_key: str) -> str:
    """Shell commands for bash with curl and python3; they leave their files in the current directory."""
    return f"URL={url}\nKEY={api_key}\n{_STEPS}"

"""botocore reads this when it is first imported: its C signer orders the parameters in another way."""

import os

os.environ["BOTO_DISABLE_CRT"] = "true"

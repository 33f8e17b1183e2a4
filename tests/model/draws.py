"""What is drawn: how far a request gets, how long time leaps, what goes wrong."""

from typing import Any

from hypothesis import strategies as st

from coordinator.storage.fake_profiles import PROFILES
from coordinator.uploads.model import Quota
from tests.model.clients import File
from tests.model.faults import FAULTS_OF
from tests.model.world import REPLICAS

Weather = list[tuple[Any, Any]] | None

MOSTLY = st.sampled_from([True, True, True, False])
AT = st.integers(0, REPLICAS - 1)
ANY = 3
WHICH = st.integers(0, ANY)
PART = st.integers(1, 3)
TO_THE_END = 99
PACE = st.sampled_from([TO_THE_END, TO_THE_END, TO_THE_END, 0, 1, 2, 3, 4, 5, 6, 8, 10])
FILES = st.sampled_from(
    [
        *(File(8), File(10), File(12), File(8, True), File(10, True)),
        *(File(4), File(0), File(3), File(4, md5=True)),
        *(File(4, parts=True), File(0, parts=True)),
    ]
)
LEAPS = st.sampled_from([1, 6, 31, 31, 61, 301, 301, 336, 961, 3_700, 86_401, 7 * 86_400])
ASKED = st.sampled_from([*["complete"] * 6, "sweep", "abort", "abort", "sign", "record", "refresh"])
ANY_FAULT = st.sampled_from([fault for faults in FAULTS_OF.values() for fault in faults])
WEATHER: st.SearchStrategy[Weather] = st.one_of(
    st.none(),
    st.lists(
        st.one_of(
            st.sampled_from(FAULTS_OF["complete_multipart_upload"]),
            ANY_FAULT,
            st.tuples(st.just("often"), ANY_FAULT),
            st.tuples(st.sampled_from(sorted(FAULTS_OF)), st.sampled_from(["sent", "done"])),
            st.tuples(st.sampled_from(["before", "after"]), st.integers(0, 8)),
        ),
        min_size=1,
        max_size=4,
    ),
)
"""Nothing, or a few misfortunes: failing calls, calls that get stuck, statements (the how manieth) that fail."""
NUMBERS = st.sampled_from([(1,), (1,), (2,), (2, 3), (3, 4), (0,), (5,)])
KINDS = st.sampled_from(["", "right", "wrong", "foreign", "none"])
ORDER = st.lists(st.integers(0, 3), min_size=4, max_size=24)
MOST_STARTS = 5

QUOTA = st.sampled_from([None, None, Quota(tenant_bytes=30), Quota(24, 18, 2)])
"""What a sequence's tenant may have; streams are refused where bytes are counted."""
MEDDLING = st.sampled_from(["forget", "forget", "complete", "delete", "overwrite", "forge", "forge short"])
PROFILE = st.sampled_from(sorted(PROFILES))

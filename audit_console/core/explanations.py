"""What each finding means for an auditor, and what to do next: data only."""

from __future__ import annotations

from typing import NamedTuple

from audit_console.core.findings import Code


class Explanation(NamedTuple):
    """What a finding shows, and the next step of whoever has to judge it."""

    explanation: str
    advice: str


EXPLANATIONS: dict[Code, Explanation] = {
    Code.EVENT_HASH_MISMATCH: Explanation(
        "This event was changed after it was written. The hash stored with it belongs to other "
        "content; which field was changed, and from what, cannot be told from the log alone.",
        "Compare the event with another copy of the log or with the system it speaks of. Do not "
        "rely on any field of it.",
    ),
    Code.PREVIOUS_HASH_MISMATCH: Explanation(
        "This event names another predecessor than the one that stands before it. The event "
        "before it was replaced and its hash computed anew, or events were moved.",
        "Look at both events. The one before is the more likely to be changed, although it "
        "passes its own check.",
    ),
    Code.GAP: Explanation(
        "The writer numbers events without a gap, and these numbers are absent. Whoever removed "
        "them had the right to write to the log. The events on both sides are as they were "
        "written.",
        "Ask for another copy of the log that holds these numbers. The times of the events on "
        "both sides say when the missing ones were recorded.",
    ),
    Code.HEAD_MISSING: Explanation(
        "The log does not begin with its first event, and no record of a prune accounts for "
        "those before.",
        "Ask whether an older file of the log belongs to it. If not, its beginning was cut off.",
    ),
    Code.FORK: Explanation(
        "Two different events carry the same number, and only one can be the one written. Two "
        "writers without a common lock do this, and so does a log that was written anew from "
        "this point on and mixed with the old one.",
        "Look at both events and find out which of them the later ones go on from.",
    ),
    Code.DUPLICATE_SEQ: Explanation(
        "The same event stands in the log more than once. The content is genuine, counts made "
        "from this log are not.",
        "Find out whether a file was given twice or a copy was pasted in.",
    ),
    Code.MALFORMED: Explanation(
        "This line is no event. It may have been one before it was damaged; what it said is "
        "lost here.",
        "Look at its bytes, and ask for another copy of the log.",
    ),
    Code.OVERSIZE: Explanation(
        "This line or file is larger than any genuine one, and was not read further. What it "
        "holds was not checked.",
        "Treat it as an attempt to stop the check, and look at it with other means.",
    ),
    Code.PRUNE_RECORD_INVALID: Explanation(
        "A record of deleted events contradicts itself or the record before it. What retention "
        "deleted cannot be told from it.",
        "Treat the beginning of the log as cut off without authority until whoever runs "
        "retention explains it.",
    ),
    Code.PRUNE_RECORD_NOT_IN_CHAIN: Explanation(
        "A record beside the log says that retention deleted events. Retention also writes "
        "that into the log, and it is not there. The record may have been made up to excuse a "
        "deletion.",
        "Ask whoever runs retention for the run that this record names.",
    ),
    Code.RETENTION_POLICY_VIOLATED: Explanation(
        "Events were deleted although they were younger than the policy that the record itself "
        "names allows.",
        "Ask who ordered it. If the deleted events were archived, check that archive.",
    ),
    Code.EVENT_BELOW_PRUNE_BOUNDARY: Explanation(
        "The record says that these events were deleted, and they are here. They were put back, "
        "or the deletion did not happen.",
        "Do not rely on these events until another copy confirms them.",
    ),
    Code.NO_CHECKPOINT: Explanation(
        "What is here fits together, but nobody outside the log has signed how long it was. "
        "Events cut off at the end, or a log written anew from start to end, look the same as "
        "this one.",
        "Compare the number of events and the head hash with a value that was kept elsewhere.",
    ),
    Code.PRUNE_NOT_BACKED: Explanation(
        "Retention deleted the beginning, and no signature from before that time says what was "
        "there. The deleted events cannot be vouched for.",
        "Ask for a checkpoint or an archive from before the deletion.",
    ),
    Code.RANGE_NOT_COVERED: Explanation(
        "Only a part was read. Everything said here is about that part.",
        "Verify again and let it read to the end.",
    ),
    Code.EMPTY: Explanation(
        "There is no event, so there is nothing that could be confirmed.",
        "Make sure that this is the right log.",
    ),
    Code.UNVERIFIABLE: Explanation(
        "These events carry nothing by which a change would show. They may be genuine.",
        "Rely on them only as far as you trust everybody who could write to the log.",
    ),
    Code.WEAK_COVERAGE: Explanation(
        "The hash of this format leaves out some fields. Whoever could write to the log could "
        "change them, who did it among them, and every check would still pass.",
        "Confirm the fields that are named here with another source before you rely on them.",
    ),
    Code.CHAIN_RESTART: Explanation(
        "The chain begins anew here. The orchestrator's writer does so at each start of its "
        "process; elsewhere it means that what was before no longer holds what is after. Events "
        "removed at this point leave no other trace.",
        "Compare with the times at which the program was started.",
    ),
    Code.CLOCK_BACKWARDS: Explanation(
        "This event is recorded earlier than the one before it. A clock was set, or two "
        "machines disagree. The order of the chain is still certain; the times here are not.",
        "Take the order from the numbers, and the times with care.",
    ),
    Code.OUT_OF_ORDER: Explanation(
        "Lines stand in another order than they were written. Their numbers tell the true one, "
        "and nothing is missing because of it.",
        "No action is needed; files that were put together in another order do this.",
    ),
    Code.NONCANONICAL: Explanation(
        "A program wrote this line again in another spelling. The content is unchanged: the "
        "hash holds.",
        "No action is needed, but the file is not the original one.",
    ),
    Code.TORN_TAIL: Explanation(
        "The last line is half written, as after a crash or while a writer is at work.",
        "Verify again when the writer has ended. If it had ended, one event is lost.",
    ),
    Code.PRUNED_PREFIX: Explanation(
        "Retention deleted the oldest events and left a record. What is kept goes on from them "
        "without a break.",
        "No action is needed if the policy in the record is yours.",
    ),
}

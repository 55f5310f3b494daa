"""What a finding means and what to do about it, in the words of an audit."""

from __future__ import annotations

from typing import NamedTuple

from audit_console.core.findings import Code


class Explanation(NamedTuple):
    """What a code says about the log, and the next step for who reads it."""

    meaning: str
    next_step: str


EXPLANATIONS: dict[Code, Explanation] = {
    Code.EVENT_HASH_MISMATCH: Explanation(
        "The event is not as it was written: somebody changed it afterwards, or the storage "
        "damaged it. The hash does not tell which field. Stored is the hash that the event "
        "carries, computed is the hash of what stands there now.",
        "Compare the event with a backup or another copy of the log. Do not rely on any of "
        "its fields until then.",
    ),
    Code.PREVIOUS_HASH_MISMATCH: Explanation(
        "The event was not written after the one that stands before it. One of the two was "
        "put there, or exchanged together with its hash. Stored is the link that the event "
        "carries, computed is the hash of the event before it.",
        "Compare both events, and those around them, with a backup or another copy of the log.",
    ),
    Code.GAP: Explanation(
        "Numbers are missing inside the chain. Every event has a number when it is written, so "
        "the events were taken out afterwards.",
        "Look for the missing numbers in backups and in copies sent elsewhere. Look at what "
        "happened just before and after the gap.",
    ),
    Code.HEAD_MISSING: Explanation(
        "The chain does not begin with its first event, and no prune record says that retention "
        "deleted the beginning.",
        "Find out whether earlier files were left out of what was opened. If not, ask who "
        "deleted them. A copy that retention kept needs the prune records of its log beside it.",
    ),
    Code.FORK: Explanation(
        "Two different events claim one place in the chain. One writer gives each place only "
        "once, so one of them was written by somebody else or into a copy of the log.",
        "Find out which of the two leads on to the rest of the chain, and where the other came "
        "from.",
    ),
    Code.DUPLICATE_SEQ: Explanation(
        "The same event stands in the log twice. Counts over the log are too high by that much.",
        "Find out whether files overlap. The copy changes nothing about the content.",
    ),
    Code.TAIL_TRUNCATED: Explanation(
        "A signed checkpoint covers more events than are here. The end of the log was cut off "
        "after it was signed, or the log is an older copy.",
        "Find out whether later files were left out of what was opened. If not, ask who deleted "
        "them, and look for another copy.",
    ),
    Code.CHAIN_MISSING: Explanation(
        "The policy names a chain, and no event of it is here. A log that is gone altogether "
        "shows in no other way.",
        "Make sure that the right place was opened. If it was, ask where the chain went.",
    ),
    Code.ROLLBACK: Explanation(
        "This console verified more events of this chain before. The end was cut off since then, "
        "or an older copy was put in its place.",
        "Compare with a backup from the day of the earlier verification. A copy that retention "
        "kept ends before its log does: verify it where the log was not. If the log was rightly "
        "begun anew: audit-console memory forget.",
    ),
    Code.HISTORY_REWRITTEN: Explanation(
        "The events are not those that this console verified before. Where each is linked to the "
        "next, the log was written anew; where no hashes link them, one line may have been "
        "changed. Stored is the tree head that the console remembers, computed that of the log.",
        "Compare with a backup from the day of the earlier verification, event by event. If the "
        "log was rightly begun anew: audit-console memory forget.",
    ),
    Code.CHECKPOINT_ROOT_MISMATCH: Explanation(
        "The events are not those that were signed. Where each is linked to the next, the log was "
        "written anew after it was signed; where no hashes link them, one line may have been "
        "changed. Stored is the signed tree head, computed that of the log.",
        "Look for a copy of the log whose tree head is the signed one, and compare.",
    ),
    Code.CHECKPOINT_BAD_SIGNATURE: Explanation(
        "A checkpoint carries the name of a trusted key, and a signature that this key did not "
        "make. It was forged or damaged.",
        "Get the checkpoint again from whoever keeps copies of it. Find out who could write to "
        "this one.",
    ),
    Code.SPLIT_VIEW: Explanation(
        "The log signed two different tree heads for the same number of events. It told one "
        "story to some and another one to others, which no honest writer does.",
        "Keep both checkpoints: together they are the proof. Treat the key of the log as in the "
        "hands of somebody else.",
    ),
    Code.MALFORMED: Explanation(
        "A line is not an event. What it said is lost to this check, and it may have been made "
        "unreadable on purpose.",
        "Look at the line itself in the file, and compare it with a backup.",
    ),
    Code.OVERSIZE: Explanation(
        "A line or file is larger than an audit log allows, and was not read.",
        "Look at it with other means. A limit that is reached can be meant to hide what follows.",
    ),
    Code.PRUNE_RECORD_INVALID: Explanation(
        "A record of a retention run is not whole, or contradicts itself, the record before it or "
        "the event that tells of it. What it says about deleted events cannot be relied on.",
        "Compare the record with the copy in the log's own retention event, and with a backup.",
    ),
    Code.PRUNE_RECORD_NOT_IN_CHAIN: Explanation(
        "A record says that retention deleted events, but no event of the chain tells of it. The "
        "record was written without the program that writes the log.",
        "Treat the deleted range as removed without leave until the run is explained.",
    ),
    Code.RETENTION_POLICY_VIOLATED: Explanation(
        "Events were deleted that were younger than the policy keeps them.",
        "Ask who ran the retention, and by which policy. Look for the events in the archive that "
        "the record names.",
    ),
    Code.EVENT_BELOW_PRUNE_BOUNDARY: Explanation(
        "Events are there that a prune record says were deleted: put back, or never deleted.",
        "Find out where they came from. The record stands for the deleted events, these may not "
        "be the same.",
    ),
    Code.EVENT_NEWER_THAN_COSIGNATURE: Explanation(
        "An event says that it was recorded after a witness had signed the log with this event "
        "in it. The clock of the writer ran ahead, or times were made up.",
        "Compare the clock of the machine that writes the log with that of the witness. Rely on "
        "the witness for when.",
    ),
    Code.NO_CHECKPOINT: Explanation(
        "The log speaks for itself alone. Whoever can write it could have cut off its end, or "
        "written all of it anew, without a trace in it.",
        "Verify with a policy and with checkpoints that were kept elsewhere.",
    ),
    Code.UNTRUSTED_CHECKPOINT: Explanation(
        "There are checkpoints, but not by keys that the policy trusts, or not by as many "
        "witnesses as it asks for. Anybody can sign with a key of his own.",
        "Ask the witnesses that are missing to cosign. Find out whose the unknown keys are. Add "
        "them to the policy only with a key got in another way.",
    ),
    Code.PRUNE_NOT_BACKED: Explanation(
        "Retention deleted events, and no checkpoint from before covers them. That they were the "
        "genuine ones rests on the record alone.",
        "Look for a checkpoint from before the cut-off that was kept elsewhere.",
    ),
    Code.RANGE_NOT_COVERED: Explanation(
        "Less was read than was asked for. Nothing is known about the rest.",
        "Verify again and let it run to the end.",
    ),
    Code.EMPTY: Explanation(
        "There is no event. An empty log proves nothing, not even that nothing happened.",
        "Make sure that the right place was opened.",
    ),
    Code.UNVERIFIABLE: Explanation(
        "Events carry no hash that can be computed again, or lost digits of their time in "
        "storage. Whether they were changed cannot be told.",
        "Compare them with another copy. Seal the log, so that later changes show.",
    ),
    Code.WEAK_COVERAGE: Explanation(
        "The hash of this format leaves fields out. They can be changed without a trace, and "
        "among them is who did it.",
        "Support statements about these fields with another source. Seal the log, so that later "
        "changes show.",
    ),
    Code.CHAIN_RESTART: Explanation(
        "A second chain begins inside the log. In the orchestrator's format each start of its "
        "program begins one. Events between the two can have been removed unseen.",
        "Compare the time with restarts of the program that wrote the log.",
    ),
    Code.CLOCK_BACKWARDS: Explanation(
        "An event was recorded at an earlier time than the event before it. The clock of the "
        "writer was set back, or the time was made up.",
        "Compare with the clock and the time service of the machine that wrote the log.",
    ),
    Code.OUT_OF_ORDER: Explanation(
        "Lines do not stand in the order of their numbers. Their content and links hold.",
        "Nothing, unless somebody says that the file was never touched.",
    ),
    Code.NONCANONICAL: Explanation(
        "A line says the same as was written, in another spelling of JSON. Another program wrote "
        "it again.",
        "Find out which program handled the file on its way.",
    ),
    Code.TORN_TAIL: Explanation(
        "The last line ends in the middle, as after a crash or in a copy made while writing.",
        "Copy the log again when nobody writes to it.",
    ),
    Code.UNSEALED_TAIL: Explanation(
        "The last events were written after the last checkpoint. They hold together, but nothing "
        "outside the log vouches for them yet.",
        "Verify again after the next checkpoint.",
    ),
    Code.PRUNED_PREFIX: Explanation(
        "Retention deleted the beginning of the log and left a record. The rest still verifies.",
        "Nothing, if the record is what the policy asks for.",
    ),
}
"""For every code."""

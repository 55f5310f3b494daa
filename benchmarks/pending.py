"""Figures of the plan that cannot be taken yet, and what each of them needs."""

NOT_YET = {
    "verification, at least 5× the Rust crate's own check": "that crate's checker on this machine",
}

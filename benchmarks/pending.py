"""Figures of the plan that cannot be taken yet, and what each of them needs."""

NOT_YET = {
    "opening an unchanged archive again (< 0.5 s at 1 M, < 2 s at 10 M)": "an index kept on disk",
    "verification, at least 5× the Rust crate's own check": "that crate's checker on this machine",
    "PostgreSQL at 10 M: first page < 50 ms, verification ≥ 250 k events/s": (
        "the PostgreSQL source"
    ),
}

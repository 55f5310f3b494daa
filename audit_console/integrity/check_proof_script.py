"""Check a proof with Python alone: python3 -I check_proof.py FILE VERIFIER-KEY ..."""
import base64, hashlib, json, pathlib, sys
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
sys.excepthook = lambda *e: print(f"FAIL: no proof: {str(e[1])!a:.200}. {__doc__}", file=sys.stderr)
def need(holds: object, why: str) -> None: return None if holds else sys.exit(f"FAIL: {why}")
def point(raw: bytes) -> tuple[int, int]:  # RFC 8032, 5.1.3
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") & 2**255 - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - square) % P == 0 and (x or not sign), "a point off the curve")
    return (x if x & 1 == sign else P - x), y
def add(a: int, b: int, c: int, d: int) -> tuple[int, int]:
    k = D * a * b * c * d
    return (a * d + b * c) * pow(1 + k, -1, P) % P, (b * d + a * c) * pow(1 - k, -1, P) % P
def times(n: int, p: tuple[int, int]) -> tuple[int, int]:
    return (0, 1) if n == 0 else add(*p, *times(n - 1, p)) if n & 1 else times(n // 2, add(*p, *p))
def is_signed(public: bytes, message: bytes, made: bytes) -> bool:  # RFC 8032, 5.1.7
    k = int.from_bytes(hashlib.sha512(made[:32] + public + message).digest(), "little") % ORDER
    s, base = int.from_bytes(made[32:], "little"), (4 * pow(5, -1, P) % P).to_bytes(32, "little")
    return s < ORDER and times(s, point(base)) == add(*point(made[:32]), *times(k, point(public)))
proof = json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))
grown = proof["schema"] == "audit-console/consistency/1"
notes = [proof[key].rpartition("\n\n") for key in ["checkpoint", "old_checkpoint"][: 1 + grown]]
(origin, size, head), (of, old, old_head) = (notes[at][0].split("\n")[:3] for at in (0, -1))
covered = b"" if grown else proof["line"].encode()[: -81 if proof["covers"] == "entry" else None]
leaf, hashes = hashlib.sha256(b"\0" + covered).digest(), [*map(bytes.fromhex, proof["hashes"])]
need([one.hex() for one in hashes if len(one) == 32] == proof["hashes"], "a hash spelled oddly")
place, last = int(old) - 1 if grown else proof["index"], int(size) - 1  # RFC 9162, 2.1.3, 2.1.4
need(of == origin and type(place) is int and 0 <= place <= last, "not a part of the tree")
signed = {**proof, "schema": "audit-console/proof/1", "chain": origin, "size": last + 1}
need(grown or proof == signed, "schema, chain or size is not that of the checkpoint")
while grown and (place & 1 or 0 < place == last): place, last = place >> 1, last >> 1
root = leaf if not grown else hashes.pop(0) if place and hashes else base64.b64decode(old_head)
before, inner = root, (place ^ last).bit_length()
need(len(hashes) == inner + f"{place >> inner:b}".count("1"), "too few hashes, or too many")
for left, sibling in [(at >= inner or place >> at & 1, one) for at, one in enumerate(hashes)]:
    before = hashlib.sha256(b"\1" + sibling + before).digest() if left else before
    root = hashlib.sha256(b"\1" + (sibling + root if left else root + sibling)).digest()
need(base64.b64encode(root).decode() == head, "the hashes do not lead to the checkpoint")
need(not grown or base64.b64encode(before).decode() == old_head, "the log did not grow from it")
if not grown and proof["covers"] != "line":
    told = [json.loads(proof["line"])[key] for key in ("chain", "seq", "event_hash")]
    need(told == [origin, place, leaf.hex()], "the event says that it is another")
what = f"the first {int(old)} with tree head {old_head} are the beginning of"
print(f"{what if grown else f'event {place} is among'} the first {int(size)} of {origin!a}")
lines = [(n[0], *s.split(" ")[1:]) for n in notes for s in n[2].split("\n") if s[:2] == "— "]
made = [(text, name, base64.b64decode(signature)) for text, name, signature in lines]
need(keys := [vkey.split("+", 2) for vkey in sys.argv[2:]], "by whose word? Name verifier keys")
for name, key_id, key in keys:
    skip, public = 8 if base64.b64decode(key)[0] == 4 else 0, base64.b64decode(key)[1:]
    for text, _, _ in notes:
        for one in [s for t, n, s in made if (t, n, s[:4].hex()) == (text, name, key_id)] or [b""]:
            time = f"cosignature/v1\ntime {int.from_bytes(one[4:12], 'big')}\n" if skip else ""
            parts = public, f"{time}{text}\n".encode(), one[4 + skip :]  # by a witness with a time
            need(len(one) == 68 + skip and is_signed(*parts), f"not signed by {name}: {text!a}")
    print(f"signed by {name}")
for name in sorted({by for _, by, one in made if [by, one[:4].hex()] not in [k[:2] for k in keys]}):
    print(f"not checked, for want of its key: the signature of {name!a}")

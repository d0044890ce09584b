#!/usr/bin/env python3
# t_probe.py - vmstep probe: what it says here against the file of this machine's kind, its formats, and files
# that are none of its own.
import json, os, subprocess, sys, tempfile
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, kvm_missing

t = Tap()
DIR = tempfile.TemporaryDirectory()
VERDICTS = ("documented", "known", "unknown", "absent")


def put(text):
    path = os.path.join(DIR.name, "file")
    with open(path, "w") as f:
        f.write(text)
    return path


def refused(status, part, *args):
    rc, out, err = vmstep("probe", *args)
    t.ok(rc == status and out == "" and err.count("\n") == 1 and part in err, "probe %s: refused, %s" % (" ".join(args[:1]), part),
         (rc, out[:200], err), (status, part))


rc, out, err = subprocess.run([sys.executable, "docs/probe.py", "--check"], capture_output=True, text=True).returncode, "", ""
t.eq(rc, 0, "docs/probe.md is what docs/probe has (make probe-doc)")
refused(2, "too many", "guest")
refused(2, "does not go with", "-e", "kvm")
if kvm_missing():
    refused(3, "/dev/kvm")
    t.skip("probes", kvm_missing())
    t.done()

rc, text, err = vmstep("probe", "--json")
lines = [json.loads(l) for l in text.splitlines()]
head, rows, unshown = lines[0], [l for l in lines[1:] if "id" in l], [l for l in lines[1:] if "unshown" in l]
t.eq((rc, err, head["vmstep_probe"]), (0, "", 1), "--json: a header, and no complaint")
t.ok(len(rows) >= 40 and len({r["id"] for r in rows}) == len(rows), "forty probes or more, each with its own name", len(rows))
t.ok(all(r["verdict"] in VERDICTS and r["asked"] and r["source"] and r["vmstep"] for r in rows), "each says what was asked, by whom, and what vmstep does")
t.eq([r["id"] for r in rows if r["verdict"] == "known" and not r["departure"]], [], "each known departure has its name")
t.ok(len(rows) + len(unshown) == len(lines) - 1 and all(len(u["why"]) > 20 for u in unshown), "what no probe shows says why", unshown)
t.eq([r["did"] for r in rows if r["did"] in ("hangs", "the child died")], [], "no guest hangs or kills")
names = {r["departure"] for r in rows if "departure" in r}
rc, out, err = vmstep("probe", "--color", "always")
t.ok(rc == 0 and "\033[" in out and "total %d:" % len(rows) in out, "as text, in colour", out[-200:])
t.ok(all(n in out for n in names), "the text names the departures", names)
t.ok(all(u["why"] in out for u in unshown), "the text says what is not shown", unshown)

kept = {}
for f in os.listdir("docs/probe"):
    with open(os.path.join("docs/probe", f)) as lines_of:
        h = json.loads(lines_of.readline())
    kept[h["flavour"], h["kernel"]] = os.path.join("docs/probe", f)
mine = kept.get((head["flavour"], head["kernel"]))
if not mine:
    t.skip("as docs/probe has it", "no results of %s, %s are kept" % (head["flavour"], head["kernel"]))
else:
    rc, out, err = vmstep("probe", "--against", mine)
    t.eq((rc, err), (0, ""), "as %s has it: %s" % (mine, out.splitlines()[:6]))

# A change, a probe that is gone and one that is new are told, and count.
path = put(text)
rc, out, err = vmstep("probe", "--against", path)
t.ok(rc == 0 and out.startswith("0 of "), "against its own results: no change", (rc, out[:300]))
changed = [json.dumps(head)] + [json.dumps(dict(r, did="debug+99[]") if r["id"] == "tf-long" else r) for r in rows if r["id"] != "exec"]
changed.append(json.dumps(dict(rows[0], id="no-such")))
rc, out, err = vmstep("probe", "--against", put("\n".join(changed) + "\n"))
t.eq(rc, 1, "against changed results: status 1")
for part in ("was: debug+99[]", "exec             is not in the file", "no-such          is in the file", "3 of "):
    t.has(out, part, "against changed results: " + part)

for text, part in (("", "no results of vmstep probe"), ("{}\n", "no results"), ("not json\n", "not a line of JSON"), ('{"vmstep":1}\n', "no results"),
                   ('{"vmstep_probe":2}\n', "no results"), (json.dumps(head) + '\n{"id":"tf-long"}\n', "without id or did"),
                   (json.dumps(head) + '\n{"id":"tf-long","did":"x"\n', ":2: not a line of JSON"),
                   (json.dumps(head) + '\n{"id":3,"did":[]}\n', "")):
    if part:
        refused(2, part, "--against", put(text))
    else:
        rc, out, err = vmstep("probe", "--against", put(text))
        t.ok(rc == 1 and err == "", "a result of another shape is a change, no crash", (rc, err))
refused(2, "cannot read", "--against", "/nonexistent/file")
refused(2, "Is a directory", "--against", DIR.name)
t.done()

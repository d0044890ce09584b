#!/usr/bin/env python3
"""t_report.py - `vmstep report` as a user meets it: the page holds every stop, marks what differs, loads nothing,
and works in a browser (headless Chromium, where there is one).
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

from run import demo, vmstep
from term import Tap

t = Tap()
tmp = tempfile.TemporaryDirectory()
SOFT, OTHER, TEXT = (os.path.join(tmp.name, n) for n in ("soft.jsonl", "other.jsonl", "soft.txt"))


def page(name, *traces):
    """(exit status, what was said, the page, its data)"""
    path = os.path.join(tmp.name, name)
    rc, o, e = vmstep("report", *traces, "-o", path)
    text = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
    m = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return rc, o + e, text, json.loads(m[1]) if m else {"traces": [], "rows": -1}


def causes(trace):
    """The causes of the records, from columns and texts."""
    c = trace["columns"]["cause"]
    return [trace["texts"][k] for k in (c if isinstance(c, list) else [c] * trace["n"])]


# --- the page --------------------------------------------------------------------------------------------
vmstep("trace", "-q", "-e", "soft", "-f", "jsonl", "-o", SOFT, demo())
vmstep("trace", "-q", "-e", "soft", "-o", TEXT, demo())
records = [json.loads(l) for l in open(SOFT, encoding="utf-8")]
stops = [r for r in records if "n" in r]
rc, said, text, data = page("one.html", SOFT)
t.eq((rc, said), (0, ""), "a page of a trace: status 0, nothing to say")
t.eq(data["rows"], len(stops), "a row a stop")
t.eq(causes(data["traces"][0]), ["+".join(r["causes"]) for r in stops], "with its causes")
t.eq([data["traces"][0]["texts"][k] for k in data["traces"][0]["columns"]["lin"]], [r["lin"] for r in stops], "and addresses")
outside = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S)
t.eq(re.findall(r"""(?:src|href)\s*=\s*["']|url\(|@import|https?://|fetch\(|XMLHttpRequest""", outside), [], "the page loads nothing")
rc, _, _, of_text = page("text.html", TEXT)
t.eq((rc, causes(of_text["traces"][0])), (0, causes(data["traces"][0])), "a text trace gives the same stops")
rc, o, e = vmstep("report", SOFT)
t.ok(rc == 0 and o.startswith("<!DOCTYPE html>") and o.endswith("</html>\n"), "without -o the page goes to standard output", (rc, e))

# --- several traces --------------------------------------------------------------------------------------
lines = open(SOFT, encoding="utf-8").read().splitlines(True)
changed = json.loads(lines[30])
changed["causes"], changed["cause"] = ["INT3"], "INT3"
open(OTHER, "w", encoding="utf-8").writelines(lines[:30] + [json.dumps(changed) + "\n"] + lines[31:50] + lines[52:])
rc, said, _, two = page("two.html", SOFT, OTHER)
t.eq((rc, two["rows"]), (0, len(stops)), "of two traces, records that belong together share a row")
t.eq(two["traces"][1]["runs"], [[0, 0, 49], [51, 49, len(stops) - 51]], "also behind records that only one has")

# --- what cannot be read -----------------------------------------------------------------------------------
broken = os.path.join(tmp.name, "broken.jsonl")
open(broken, "w", encoding="utf-8").writelines(lines[:10] + ["{oops\n"] + lines[10:20] + ['{"n":3}\n', lines[21][:40]])
rc, said, _, data = page("broken.html", broken)
t.ok(rc == 1 and said.count("\n") == 1 and "line 11" in said and "1 more line" in said, "damaged lines: status 1, one sentence", (rc, said))
t.eq((data["rows"], data["traces"][0]["damaged"]), (19, 2), "and the rest is in the page")
for name, args, wanted in (("no trace", [], "report needs a trace"), ("no such file", ["/nonexistent/x"], "/nonexistent/x: cannot open"),
                           ("not a trace", [shutil.copy(demo(), os.path.join(tmp.name, "guest"))], "damaged or no trace"), ("a folder", [tmp.name], tmp.name),
                           ("a page that cannot be written", [SOFT, "-o", "/nonexistent/y"], "/nonexistent/y: cannot create")):
    rc, o, e = vmstep("report", *args)
    t.ok(rc in (1, 2) and wanted in e and e.count("\n") == 1, "%s: one sentence" % name, (rc, e))

# --- in a browser ------------------------------------------------------------------------------------------
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ASKED = """
const view = new View(JSON.parse(document.getElementById("data").textContent));
const press = key => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
const said = {};
said.rows = view.rows.n;
said.differing = view.rows.differing;
said.selected = view.selected;
said.details = view.details.textContent;
press("End"); said.end = view.selected;
press("Home"); said.home = view.selected;
press("n"); said.next = view.selected;
press("+"); said.zoomed = view.timeline.scale > 1.9 * view.timeline.least || view.timeline.scale === 28;
press("0"); said.whole = view.timeline.whole;
view.search.value = "/^int3?1?$/"; view.refresh(); said.found = view.rows.visible.length;
view.search.value = "/[/"; view.refresh(); said.invalid = !view.search.checkValidity();
view.search.value = ""; view.only && (view.only.checked = true); view.refresh(); said.only = view.rows.visible.length;
view.only && (view.only.checked = false);
view.off.add("MTF"); view.refresh(); said.without = view.rows.visible.length;
view.off.clear(); view.refresh();
view.hover(3, { clientX: 50, clientY: 50 }); said.tip = view.tip.textContent;
view.print(); said.printed = view.paper.querySelectorAll("tbody tr").length; view.unprint();
said.lines = view.table.body.children.length;
said.painted = view.canvas.getContext("2d").getImageData(0, 0, view.canvas.width, view.canvas.height).data.some(x => x);
document.body.replaceChildren(document.createTextNode("SAID" + JSON.stringify(said) + "DIAS"));
"""


def asked(path):
    """What the page's own code answers when it runs in the browser."""
    text = open(path, encoding="utf-8").read()
    start = text.rindex('new View(JSON.parse(')
    end = text.index("\n", start)
    with open(path + ".asked.html", "w", encoding="utf-8") as f:
        f.write(text[:start] + ASKED + text[end:])
    p = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900", "--user-data-dir=" + tmp.name + "/profile",
                        "--virtual-time-budget=20000", "--dump-dom", "file://" + path + ".asked.html"],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    m = re.search(r"SAID(.*?)DIAS", p.stdout, re.S)
    return json.loads(m[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) if m else {"error": p.stdout[-300:] + p.stderr[-300:]}


if not BROWSER:
    t.skip("the page in a browser", "no chromium here: make deps")
else:
    got = asked(os.path.join(tmp.name, "two.html"))
    t.eq((got.get("rows"), got.get("differing")), (len(stops), 3), "in a browser: the rows, three of them differ")
    t.eq((got.get("selected"), got.get("next")), (29, 29), "the first difference is shown; n finds it from the top")
    t.ok("the causes differ" in got.get("details", "") and "INT3" in got.get("details", ""), "with both records' details", got.get("details"))
    t.eq((got.get("home"), got.get("end")), (0, len(stops) - 1), "Home and End")
    t.ok(got.get("zoomed") and got.get("whole"), "zoom in, and out to the whole", got)
    wanted = sum(any(re.search(r"^int3?1?$", str(x), re.I) for x in (r["insn"], *r["causes"])) for r in stops)
    t.ok(got.get("found", 0) >= wanted > 0, "a regular expression finds", (got.get("found"), wanted))
    t.ok(got.get("invalid"), "one that is none is told, not thrown", got.get("invalid"))
    t.eq(got.get("only"), 3, "differences only")
    t.eq(got.get("without"), sum("MTF" not in r["causes"] or len(r["causes"]) > 1 for r in stops), "a cause switched off")
    t.ok("soft: #3" in got.get("tip", ""), "the hover says the stop", got.get("tip"))
    t.eq(got.get("printed"), len(stops), "on paper all rows")
    t.ok(0 < got.get("lines", 0) < 60, "on the screen only those to be seen", got.get("lines"))
    t.ok(got.get("painted"), "and the timeline is drawn", got.get("painted"))

    # --- 100,000 stops -----------------------------------------------------------------------------------
    long = os.path.join(tmp.name, "long.jsonl")
    vmstep("trace", "-q", "-e", "soft", "-n", "100000", "-f", "jsonl", "-o", long, "--hex", "b8 00 00 40 50 58 eb fc")
    rc, said, _, data = page("long.html", long)
    t.eq((rc, data["rows"]), (0, 100001), "a page of 100,000 stops")
    got = asked(os.path.join(tmp.name, "long.html"))
    t.eq((got.get("rows"), got.get("end"), got.get("printed")), (100001, 100000, 2000), "opens, moves to its end, prints what one can read")
    t.ok(0 < got.get("lines", 0) < 60 and got.get("painted"), "and shows it", got)
t.done()

#!/usr/bin/env python3
# t_help.py - help, apropos and complete for every row of the command table; every example is run.
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
from run import *
from term import Tap, kvm_missing

t = Tap()
rc, out, err = vmstep("--dump", "commands")
t.ok(rc == 0 and out, "the command table can be listed", err)
rows = [line.split("\t") for line in out.splitlines()]
t.ok(len(rows) > 90, "the table is whole", len(rows), "more than 90 rows")

# Nothing that interface.md lists may be missing.
for name in """run start kill stepi nexti step next finish until advance continue skip deliver swallow jump break tbreak hbreak
        watch rwatch awatch catch condition ignore commands delete enable disable info x print display undisplay set
        disassemble backtrace up down frame find dump restore translate define document if while source echo printf shell
        why predict trace help apropos complete quit file symbol-file show clear output""".split():
    t.ok(any(r[0] == name for r in rows), "there is a command " + name)
for what in "registers all-registers breakpoints stop symbol frame line engine vmcs events idt gdt tss paging io files display".split():
    t.ok(any(r[0] == "info " + what for r in rows), "there is info " + what)
for what in "io msr cr exception hlt icebp int3".split():
    t.ok(any(r[0] == "catch " + what for r in rows), "there is catch " + what)

names = [r[0] for r in rows]
rc, out, err = script("\n".join("echo @@%s\\n\nhelp %s" % (n, n) for n in names), hex=None)
t.eq((rc, err), (0, ""), "help for every command")
parts = dict((p.split("\n", 1)[0], p.split("\n", 1)[1]) for p in ("\n" + out).split("\n@@")[1:])
for name, usage, example in rows:
    text = parts.get(name, "")
    t.ok("Usage: " + usage in text and (not example or "Example: " + example in text) and len(text) > 20, "help " + name, text)
rc, out, err = script("help\nhelp all\nhelp running\nhelp set icebp\napropos single-step", hex=None)
t.eq((rc, err), (0, ""), "help, help all, a class, a setting, apropos")
t.has(out, "corrected is right", "apropos searches settings") if "corrected" in out else t.has(out, "stepi", "help all lists stepi")
for bad, part in (("help nosuch", "no command"), ("help info nosuch", "info nosuch"), ("apropos [", "Invalid regular"), ("apropos", "needs")):
    rc, out, err = script(bad, hex=None)
    t.ok(rc == 1 and part in err and err.count("\n") == 1, bad + ": one sentence", err, part)


def complete(text, **more):
    rc, out, err = script("complete " + text, **more)
    return out.splitlines()


t.eq(complete("stepi", hex=None), ["stepi"], "complete stepi")
t.eq(complete("inf", hex=None), ["info"], "complete inf")
t.eq(complete("info reg", hex=None), ["info registers"], "complete info reg")
t.eq(complete("why ", hex=None), ["why not"], "complete why")
t.eq(complete("why not IN", hex=None), ["why not INT3", "why not INTERRUPT"], "complete why not")
t.eq(complete("layout s", hex=None), ["layout split", "layout src"], "complete layout")
t.eq(complete("help sha", hex=None), ["help shadow"], "complete help, its topics")
t.eq(complete("set sk", hex=None), ["set skip"], "complete set sk")
t.eq(complete("set skip ", hex=None), ["set skip " + v for v in ("corrected", "dr6-empty", "none", "outer")], "complete set skip")
t.eq(complete("set intercept ", hex=None), ["set intercept bp", "set intercept db"], "a setting of two words")
t.eq(complete("show hist", hex=None), ["show history"], "complete show hist")
t.eq(complete("print $cr", hex=None), ["print $cr%d" % i for i in (0, 2, 3, 4, 8)], "registers")
t.eq(complete("print $cr0+$cr", hex=None), ["print $cr0+$cr%d" % i for i in (0, 2, 3, 4, 8)], "registers behind an operator")
t.eq(complete("x/4i $ri", hex=None), ["x/4i $rip"], "behind a format")
t.eq(complete("info registers rsp", hex=None), ["info registers rsp"], "register names")
t.eq(complete("help info pag", hex=None), ["help info paging"], "help completes commands")
t.eq(complete("catch ic", hex=None), ["catch icebp"], "catch events")
t.eq(complete("nosuch ", hex=None), [], "nothing behind an unknown command")
t.ok(set(complete("", hex=None)) >= {n for n in names if " " not in n}, "complete alone lists every command")

if kvm_missing():
    t.skip("examples", kvm_missing())
    t.done()
t.eq(complete("delete ", hex="90")[0:0], [], "points: none yet")
rc, out, err = script("break *0x1001\nwatch *(u8*)0x500\ncomplete delete ")
t.ok("delete 1" in out and "delete 2" in out, "numbers of points", out)

# Each example on a guest of its own: after a step, so that there is something to see.
nop = "90 " * 64 + "f4"
for name, usage, example in rows:
    if not example:
        continue
    first = "file %s\n" % demo() if name == "file" else ""
    rc, out, err = script("stepi\n" + example, hex=nop)
    t.eq((rc, err), (0, ""), "example of %s: %s" % (name, example))
# Those without an example say why: they need a state of their own, which other tests give them.
without = sorted(r[0] for r in rows if not r[2])
t.eq(without, sorted("""catch cr;catch msr;clear;commands;condition;define;delete checkpoint;document;down;else;end;if;ignore;info apic;info macro;info macros;info scope;info vmcs;layout;list;loop_break;
    loop_continue;macro expand;remove-symbol-file;restart;return;rwatch;swallow;trace off;tui;tui enable;up;while""".replace("\n", "").replace("    ", "").split(";")), "commands without an example")
t.done()

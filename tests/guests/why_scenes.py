"""why_scenes.py - small sessions of engines soft and kvm for what `why` says of the user's points, of how a run ends and of
policies, which no case of the corpus shows. `@` in a list of commands stands for the questions, `@ CAUSE` for one.
"""
# mov al,1; mov [0x2000],al; nop; nop; hlt at 0x1000
STORE = "b0 01 88 04 25 00 20 00 00 90 90 f4"
# int1; nop; int3; nop; nop; hlt
BREAKS = "f1 90 cc 90 90 f4"
# Vectors 1 and 3 are made to point at an IRET of real mode; then int1; nop; int3; hlt
VECTORS = "c7 06 04 00 1c 7c c7 06 06 00 00 00 c7 06 0c 00 1c 7c c7 06 0e 00 00 00 f1 90 cc f4 cf"

SCENES = [
    ("points", "soft", ["--mode", "long", "--hex", STORE], """
        @ ; @ MTF
        break *0x10000b ; watch *(char*)0x2000 ; catch hlt ; hbreak *0x10000a ; break *0x100002 if $rax == 7 ; break *0x10000c
        ignore 6 2
        stepi ; @ ; @ BREAK ; @ BREAK/9 ; @ WATCH/1 ; @ BREAK/5 ; @ MTF
        continue ; @ ; @ WATCH/2 ; @ MTF ; @ BREAK/6
        continue ; @ ; disable 1 ; @ BREAK/1 ; continue ; @ ; @ BREAK/1 ; @ CATCH/3
        """),
    ("stepping onto points", "soft", ["--mode", "long", "--hex", STORE], """
        break *0x100002 ; watch *(char*)0x2000 ; stepi ; @ ; stepi ; @ ; stepi ; @ ; @ WATCH/2
        """),
    ("an INT3 of the user's", "soft", ["--mode", "long", "--hex", STORE], "break *0x10000a ; continue ; @ ; @ MTF"),
    ("a register of the user's", "soft", ["--mode", "long", "--hex", STORE], "hbreak *0x10000a ; continue ; @ ; @ MTF"),
    ("places", "soft", ["build:tests/guests/demo.elf"], """
        break icebp ; disable 1.1 ; set breakpoint pending on ; break nosuchname ; stepi ; @ ; @ BREAK/2
        until icebp ; @ ; @ BREAK/1
        """),
    ("no points", "soft", ["--hex", "90 f4"], "stepi ; @ ; @ BREAK/1 ; @ WATCH/1 ; @ CATCH/1"),
    ("resumed", "soft", ["--hex", "b9 03 00 f3 a4 f4"], "break *0x1003 ; stepi ; @ ; stepi ; @ ; @ BREAK/1 ; stepi ; @ ; @ MTF"),
    ("free", "soft", ["--hex", BREAKS], "catch icebp ; catch int3 ; continue ; @ ; @ MTF ; swallow ; continue ; @ ; swallow ; stepi ; @ ; @ EVENT"),
    ("a wrong skip", "soft", ["--hex", "f1 90 f4"], "set skip none ; stepi ; @ ; stepi ; @"),
    ("the other wrong skip", "soft", ["--hex", "f1 90 f4"], "set skip outer ; stepi ; @ ; stepi ; @"),
    ("no gate", "soft", ["--hex", BREAKS], "stepi ; @ ; stepi ; @ ; @ EVENT ; stepi ; @"),
    ("swallowed", "soft", ["--hex", BREAKS], "set icebp swallow ; set int3 swallow ; stepi ; @ ; stepi ; @ ; @ EVENT"),
    ("not intercepted", "soft", ["--mode", "real", "--load", "0x7c00", "--entry", "0:0x7c00", "--hex", VECTORS],
     "set intercept db off ; set intercept bp off ; stepi 4 ; stepi ; @ ; @ ICEBP ; stepi 3 ; @ ; @ INT3"),
    ("interrupts held", "soft", ["--hex", "fb 90 90 f4"], "set step-irq off ; stepi 2 ; @ ; stepi ; @ ; stepi ; @"),
    ("the exit port", "soft", ["--hex", "b0 00 e6 f4"], "stepi ; stepi ; @ ; @ MTF"),
    ("no handler", "soft", ["--hex", "90 0f 0b"], "stepi ; stepi ; @"),
    ("shutdown", "soft", ["build:tests/guests/triple64.elf"], "stepi 3 ; stepi ; @ ; stepi ; @ ; @ HLT"),
    ("nexti", "soft", ["--hex", "e8 01 00 f4 c3"], "nexti ; @"),
    ("a device", "soft", ["--hex", "e4 71 e6 80 f4"], "catch io 0x80 ; stepi ; @ ; continue ; @ ; @ MTF"),
    ("KVM's exits", "kvm", ["--mode", "long", "--hex", "e4 71 e6 80 f4"], "stepi ; @ ; stepi ; @ ; stepi ; @"),
    ("KVM's points", "kvm", ["--mode", "long", "--hex", STORE], "break *0x100009 ; hbreak *0x10000a ; continue ; @ ; continue ; @ ; continue ; @"),
]

"""core.py - a core file of a state that vmstep was in, so that gdb shows the very same registers and
memory. Not a test itself."""
import struct

WIDE = ["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
        "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"]
NARROW = ["ebx", "ecx", "edx", "esi", "edi", "ebp", "eax", "ds", "es", "fs", "gs", "orig_eax", "eip", "cs",
          "eflags", "esp", "ss"]


def status(regs, bits):
    """The kernel's struct elf_prstatus: the registers at 112 (x86-64) or 72 (i386)."""
    names, word, at, pid = (WIDE, "Q", 112, 32) if bits == 64 else (NARROW, "I", 72, 24)
    mask = (1 << bits) - 1

    def value(name):
        if bits == 32:
            name = {"eip": "rip", "eflags": "eflags"}.get(name, "r" + name[1:] if name[0] == "e" and len(name) == 3
                                                         and name not in ("es", "ess") else name)
        return regs.get(name, 0) & mask
    image = struct.pack("<" + word * len(names), *map(value, names))
    return b"\0" * pid + struct.pack("<I", 1) + b"\0" * (at - pid - 4) + image + b"\0" * (bits // 8)


def write(path, bits, regs, memory):
    """`memory`: [(address, bytes)]."""
    note_data = status(regs, bits)
    note = struct.pack("<III", 5, len(note_data), 1) + b"CORE\0\0\0\0" + note_data
    n = len(memory) + 1
    if bits == 64:
        head, entry, machine, kind = 64, 56, 62, 2
    else:
        head, entry, machine, kind = 52, 32, 3, 1
    ident = b"\x7fELF" + bytes([kind, 1, 1]) + b"\0" * 9
    at = head + entry * n
    word = "Q" if bits == 64 else "I"
    out = ident + struct.pack("<HHI" + word * 3 + "IHHHHHH", 4, machine, 1, 0, head, 0, 0, head, entry, n, 0, 0, 0)
    body = b""
    for is_note, addr, data in [(True, 0, note)] + [(False, a, d) for a, d in memory]:
        off, size = at + len(body), len(data)
        if bits == 64:
            out += struct.pack("<IIQQQQQQ", 4 if is_note else 1, 7, off, addr, 0, size, 0 if is_note else size, 1)
        else:
            out += struct.pack("<IIIIIIII", 4 if is_note else 1, off, addr, 0, size, 0 if is_note else size, 7, 1)
        body += data
    with open(path, "wb") as f:
        f.write(out + body)

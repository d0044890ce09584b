/* rows.js - the rows: which record of each trace stands in them, where traces differ, what is looked for. */

const DIFFER = { MISSING: 1, CAUSE: 2, FLOW: 4, STATE: 8 };
const DIFFER_TEXT = {
	1: "only in some of the traces", 2: "the causes differ", 4: "instruction, retired count or event differ",
	8: "registers, flags or shadow differ",
};
const STATE = ["rflags", "regs", "shadow", "cpl", "mode"], FLOW = ["insn", "retired", "event"];
const SEARCHED = ["cause", "lin", "insn", "sym", "line", "exit", "vmx", "did", "event", "dr6", "shadow"];

class Rows {
	constructor(n, traces) {
		this.n = n;
		this.traces = traces;
		this.record = traces.map(t => {
			const at = new Int32Array(n).fill(-1);
			for (const [row, record, count] of t.runs)
				for (let k = 0; k < count; k++)
					at[row + k] = record + k;
			return at;
		});
		this.all = this.differences();
		this.weigh(false);
		this.visible = Int32Array.from({ length: n }, (_, i) => i);
		this.shown = new Uint8Array(n).fill(1);
	}

	/* An engine's own way to step is no difference: TF here is MTF there, and only told alone. */
	static family(t, i) {
		const own = t.causes(i).filter(c => c !== "TF" && c !== "MTF");
		return own.join("+") || "step";
	}

	static unlike(a, i, b, j, columns) {
		return columns.some(c => {
			const x = a.cell(c, i), y = b.cell(c, j);
			return x !== y && x !== "" && y !== "";
		});
	}

	static compare(a, i, b, j) {
		return (Rows.family(a, i) !== Rows.family(b, j) ? DIFFER.CAUSE : 0) |
			(Rows.unlike(a, i, b, j, FLOW) ? DIFFER.FLOW : 0) |
			(Rows.unlike(a, i, b, j, STATE) ? DIFFER.STATE : 0);
	}

	differences() {
		const out = new Uint8Array(this.n);
		for (let row = 0; row < this.n; row++) {
			let first = -1;
			for (let k = 0; k < this.traces.length; k++) {
				const i = this.record[k][row];
				if (i < 0)
					out[row] |= DIFFER.MISSING;
				else if (first < 0)
					first = k;
				else
					out[row] |= Rows.compare(this.traces[first], this.record[first][row], this.traces[k], i);
			}
		}
		return out;
	}

	/* Which of them count: registers and flags too, or only where the guest went and what stopped it. */
	weigh(state) {
		this.differ = state ? this.all : this.all.map(d => d & ~DIFFER.STATE);
		this.differing = this.differ.reduce((sum, d) => sum + (d ? 1 : 0), 0);
	}

	/* Each text is looked at once, however many records share it. */
	static matches(t, pattern) {
		const hit = new Uint8Array(t.texts.length);
		t.texts.forEach((s, k) => hit[k] = pattern.test(s) ? 1 : 0);
		return i => SEARCHED.some(c => hit[t.number(c, i)]);
	}

	filter({ off, pattern, onlyDiffering }) {
		const found = pattern && this.traces.map(t => Rows.matches(t, pattern));
		const wanted = this.traces.map(t => t.texts.map(s =>
			s.split("+").some(c => !off.has(c.replace(/\/.*/, "/n")))));
		const keep = [];
		for (let row = 0; row < this.n; row++) {
			let ok = false;
			for (let k = 0; k < this.traces.length && !ok; k++) {
				const i = this.record[k][row];
				ok = i >= 0 && wanted[k][this.traces[k].number("cause", i)] && (!found || found[k](i));
			}
			ok = ok && (!onlyDiffering || this.differ[row] !== 0);
			this.shown[row] = ok ? 1 : 0;
			if (ok)
				keep.push(row);
		}
		this.visible = Int32Array.from(keep);
	}

	/* Where a row stands among the visible ones, or the next visible one's place. */
	place(row) {
		let lo = 0, hi = this.visible.length;
		while (lo < hi) {
			const mid = (lo + hi) >> 1;
			if (this.visible[mid] < row)
				lo = mid + 1;
			else
				hi = mid;
		}
		return lo;
	}

	/* The next row with a difference from `row` on, in the direction `by`; -1: none. */
	nextDiffering(row, by) {
		for (let r = row + by; r >= 0 && r < this.n; r += by)
			if (this.differ[r] && this.shown[r])
				return r;
		return -1;
	}
}

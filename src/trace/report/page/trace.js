"use strict";
/* trace.js - one trace: columns of text numbers, and what its first and last line say. */

class Trace {
	constructor(data) {
		Object.assign(this, data);
		this.head = Trace.line(data.header);
		this.sum = Trace.line(data.total);
		this.json = data.header !== null && data.header.startsWith("{");
		this.engine = this.head.engine || /engine (\S+)/.exec(data.header || "")?.[1] || "?";
		this.guest = this.head.guest || /  guest (.*?)  /.exec(data.header || "")?.[1] || "?";
		this.depth = Trace.depths(this);
	}

	/* A line of the file as an object; a text trace's lines are shown as they are. */
	static line(text) {
		try {
			return JSON.parse(text) || {};
		} catch {
			return {};
		}
	}

	number(column, i) {
		const c = this.columns[column];
		return typeof c === "number" ? c : c[i];
	}

	/* Escapes of JSON strings are still in the texts of a JSON trace. */
	cell(column, i) {
		const s = this.texts[this.number(column, i)];
		if (!this.json || !s.includes("\\") || s.startsWith("{") || s.startsWith("["))
			return s;
		try {
			return JSON.parse('"' + s + '"');
		} catch {
			return s;
		}
	}

	/* A cell that holds JSON, as a value; null where there is none. */
	value(column, i) {
		const s = this.texts[this.number(column, i)];
		try {
			return s ? JSON.parse(s) : null;
		} catch {
			return null;
		}
	}

	causes(i) {
		return this.cell("cause", i).split("+").map(c => c.replace(/\/.*/, "/n"));
	}

	/* How many handlers deep: a delivery goes one in, an IRET one out. Deduced, hence never below 0. */
	static depths(t) {
		const depth = new Uint8Array(t.n);
		let d = 0;
		for (let i = 0; i < t.n; i++) {
			if (t.cell("from_insn", i).startsWith("iret") && d > 0)
				d--;
			if (t.cell("cause", i).includes("EVENT") && d < 255)
				d++;
			depth[i] = d;
		}
		return depth;
	}

	/* What waits at this boundary: "pdbg 0x4000", "vector 1". */
	waiting(i) {
		const pdbg = this.value("vmx", i)?.pending_dbg;
		const vector = this.cell("pending", i);
		const words = [];
		if (pdbg && pdbg !== "0x0")
			words.push("pdbg " + pdbg);
		if (vector && vector !== "-")
			words.push("vector " + vector);
		return words.join(", ");
	}

	shadow(i) {
		const s = this.cell("shadow", i);
		return s === "none" || s === "-" ? "" : s;
	}

	/* The report of the engine in a line: what is zero in a VMCS field is left to the details. */
	evidence(i) {
		const exit = this.value("exit", i), vmx = this.value("vmx", i);
		const words = [];
		if (vmx) {
			words.push("exit " + vmx.reason);
			for (const [k, v] of Object.entries(vmx))
				if (k !== "reason" && v !== 0 && v !== "0x0")
					words.push(k + "=" + v);
		}
		if (exit)
			words.push(...Object.entries(exit).map(([k, v]) => k === "reason" ? String(v) : k + "=" + v));
		if (!vmx && !exit)
			words.push(this.cell("exit", i));
		const dr6 = this.cell("dr6", i);
		if (dr6)
			words.push("dr6=" + dr6);
		if (this.cell("proof", i) === "deduced")
			words.push("(deduced)");
		const did = this.value("did", i);
		if (did && did.length)
			words.push("; " + did.join("; "));
		return words.join(" ").trim();
	}

	title() {
		return this.engine;
	}
}

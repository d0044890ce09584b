/* details.js - everything a record says, and the words for how records of a row differ. */

const DETAILS = [
	["lin", "address"], ["sym", "symbol"], ["line", "line"], ["from_insn", "just done"], ["insn", "about to run"],
	["retired", "retired"], ["mode", "mode"], ["cpl", "CPL"], ["rflags", "rflags"], ["shadow", "shadow"],
	["dr6", "DR6 of the exit"], ["dr7", "DR7 of the exit"], ["proof", "proof"], ["exit", "exit"], ["vmx", "VMX"],
	["event", "event"], ["pending", "pending vector"], ["did", "vmstep did"], ["regs", "registers changed"],
];

function valueText(v) {
	if (Array.isArray(v))
		return v.join("\n");
	return typeof v === "object" ? Object.entries(v).map(([k, x]) => k + " " + x).join("\n") : String(v);
}

function recordDetails(t, i) {
	const list = element("dl");
	for (const [column, name] of DETAILS) {
		const value = t.value(column, i), text = typeof value === "object" && value ? valueText(value) : t.cell(column, i);
		if (text === "" || text === "-")
			continue;
		list.append(element("dt", {}, name), element("dd", {}, text));
	}
	if (t.depth[i])
		list.append(element("dt", {}, "in handler"), element("dd", {}, t.depth[i] + " deep (deduced)"));
	return list;
}

/* "rflags 0x2 / 0x12": what the traces say where they do not say the same. */
function differenceValues(rows, row) {
	const have = rows.traces.map((t, k) => [t, rows.record[k][row]]).filter(([, i]) => i >= 0);
	return [...FLOW, ...STATE].map(c => [c, have.map(([t, i]) => t.cell(c, i))])
		.filter(([, v]) => v.every(x => x !== "") && v.some(x => x !== v[0]))
		.map(([c, v]) => c + " " + v.join(" / "));
}

function rowDetails(rows, row) {
	const out = [];
	if (rows.traces.length > 1 && rows.all[row])
		out.push(element("p", { className: "differ" }, [...Object.keys(DIFFER_TEXT)
			.filter(bit => rows.all[row] & bit).map(bit => DIFFER_TEXT[bit]), ...differenceValues(rows, row)].join("; ")));
	rows.traces.forEach((t, k) => {
		const i = rows.record[k][row], part = element("section");
		part.append(element("h3", {}, t.title() + (i < 0 ? ": no record here" :
			": " + (t.cell("cause", i) === "gap" ? "gap" : "#" + t.number("n", i) + " " + t.cell("cause", i)))));
		if (i >= 0)
			part.append(recordDetails(t, i));
		out.push(part);
	});
	return out;
}

/* A line a trace, for the hover and for screen readers. */
function rowText(rows, row) {
	return rows.traces.map((t, k) => {
		const i = rows.record[k][row];
		if (i < 0)
			return t.title() + ": nothing here";
		return [t.title() + (t.cell("cause", i) === "gap" ? ":" : ": #" + t.number("n", i)), t.cell("cause", i), where(t, i),
			t.cell("insn", i), t.evidence(i)].filter(Boolean).join("  ");
	}).join("\n");
}

/* lanes.js - the lanes of the timeline: one a cause, then what holds over several boundaries. */

/* Order, and the colour (a variable of the style sheet) of each cause. */
const CAUSES = [
	["START", "grey"], ["MTF", "blue"], ["TF", "teal"], ["ICEBP", "red"], ["INT3", "orange"],
	["HWBP", "purple"], ["WATCH", "violet"], ["IOBP", "violet"], ["GD", "brown"], ["TBIT", "brown"],
	["BLD", "brown"], ["RTM", "brown"], ["BREAK/n", "purple"], ["WATCH/n", "violet"], ["CATCH/n", "pink"],
	["EVENT", "gold"], ["IO", "green"], ["MMIO", "green"], ["HLT", "grey"], ["EXCEPTION", "red"],
	["SHUTDOWN", "red"], ["INTERRUPT", "grey"], ["LIMIT", "grey"], ["EXIT", "grey"], ["ERROR", "red"],
	["gap", "red"],
];

function causeColor(cause) {
	return (CAUSES.find(([name]) => name === cause) || [0, "grey"])[1];
}

/* How many stops of a trace have each cause. */
function causeCounts(t) {
	const per = new Map(), count = new Map();
	for (let i = 0; i < t.n; i++)
		per.set(t.number("cause", i), (per.get(t.number("cause", i)) || 0) + 1);
	for (const [number, n] of per)
		for (const c of new Set(t.texts[number].split("+").map(x => x.replace(/\/.*/, "/n"))))
			count.set(c, (count.get(c) || 0) + n);
	return count;
}

/* [{cause, at: rows}] of one trace, in the order above; causes this page does not know come last. */
function causeLanes(rows, k) {
	const t = rows.traces[k], at = new Map();
	const causes = t.texts.map(s => s.split("+").map(x => x.replace(/\/.*/, "/n")));
	for (let row = 0; row < rows.n; row++) {
		const i = rows.record[k][row];
		if (i < 0)
			continue;
		for (const c of causes[t.number("cause", i)]) {
			if (!at.has(c))
				at.set(c, []);
			at.get(c).push(row);
		}
	}
	const rank = c => (CAUSES.findIndex(([name]) => name === c) + CAUSES.length + 1) % (CAUSES.length + 1);
	return [...at.keys()].sort((a, b) => rank(a) - rank(b))
		.map(cause => ({ cause, color: causeColor(cause), at: Uint32Array.from(at.get(cause)) }));
}

/* [{from, to, text}]: rows over which `of(record)` says the same, "" being nothing. */
function spans(rows, k, of) {
	const out = [];
	let open = null;
	for (let row = 0; row < rows.n; row++) {
		const i = rows.record[k][row];
		const text = i < 0 ? "" : String(of(i) || "");
		if (open && open.text === text) {
			open.to = row + 1;
			continue;
		}
		open = text ? { from: row, to: row + 1, text } : null;
		if (open)
			out.push(open);
	}
	return out;
}

function stateLanes(rows, k) {
	const t = rows.traces[k];
	return [
		{ name: "shadow", color: "orange", spans: spans(rows, k, i => t.shadow(i)) },
		{ name: "pending", color: "gold", spans: spans(rows, k, i => t.waiting(i)) },
		{ name: "in handler", color: "green", spans: spans(rows, k, i => t.depth[i] || "") },
	].filter(lane => lane.spans.length);
}

/* table.js - the rows as a table of which only what is to be seen exists. */

const ROW = 22, TALLEST = 8e6; /* pixels; browsers end near 16 million */
const SHOWN = ["n", "cause", "where", "insn", "evidence"];
const HEADS = { n: "#", cause: "cause", where: "at", insn: "instruction", evidence: "evidence" };

class Table {
	constructor(box, rows, view) {
		Object.assign(this, { box, rows, view, selected: -1 });
		this.head = element("div", { className: "trow thead", role: "row" });
		this.body = element("div", { className: "tbody" });
		for (const t of rows.traces)
			this.head.append(...SHOWN.map(c => element("div", { className: "c-" + c, role: "columnheader" },
				c === "n" && rows.traces.length > 1 ? t.title() + " #" : HEADS[c])));
		box.append(this.head, this.body);
		box.style.setProperty("--traces", rows.traces.length);
		box.addEventListener("scroll", () => this.draw());
		box.addEventListener("click", e => {
			const row = e.target.closest("[data-row]");
			if (row)
				view.select(Number(row.dataset.row));
		});
	}

	get tall() {
		return Math.min(this.rows.visible.length * ROW, TALLEST);
	}

	/* Rows a pixel of the scroll bar: 1/ROW unless there are too many. */
	get per() {
		return this.rows.visible.length / Math.max(1, this.tall);
	}

	refresh() {
		this.body.style.height = this.tall + "px";
		this.box.setAttribute("aria-rowcount", this.rows.visible.length);
		this.draw();
	}

	draw() {
		const top = this.box.scrollTop, first = Math.max(0, Math.floor(top * this.per) - 5);
		const n = Math.ceil(this.box.clientHeight / ROW) + 10;
		const shift = this.per * ROW > 1.001 ? top : Math.floor(top * this.per) * ROW;
		const out = [];
		for (let p = first; p < Math.min(first + n, this.rows.visible.length); p++)
			out.push(this.line(p, shift + (p - Math.floor(top * this.per)) * ROW));
		this.body.replaceChildren(...out);
	}

	line(place, y) {
		const row = this.rows.visible[place];
		const div = element("div", {
			className: "trow" + (this.rows.differ[row] && this.rows.traces.length > 1 ? " differs" : "") +
				(row === this.selected ? " selected" : ""),
			role: "row", id: "row-" + row,
		});
		div.dataset.row = row;
		div.setAttribute("aria-rowindex", place + 1);
		div.setAttribute("aria-selected", row === this.selected);
		div.style.top = y + "px";
		this.rows.traces.forEach((t, k) => div.append(...cells(t, this.rows.record[k][row])));
		return div;
	}

	show(row) {
		this.selected = row;
		const place = this.rows.place(row), y = place / this.per, head = this.head.offsetHeight;
		if (y < this.box.scrollTop + ROW)
			this.box.scrollTop = y - 3 * ROW;
		else if (y > this.box.scrollTop + this.box.clientHeight - head - 2 * ROW)
			this.box.scrollTop = y - this.box.clientHeight + head + 3 * ROW;
		this.draw();
		this.box.setAttribute("aria-activedescendant", "row-" + row);
	}
}

function where(t, i) {
	const sym = t.cell("sym", i), line = t.cell("line", i);
	return t.cell("lin", i) + (sym ? "  " + sym : "") + (line ? " (" + line + ")" : "");
}

/* The cells of one record; empty ones where the trace has none in this row. */
function cells(t, i) {
	const text = i < 0 ? {} : {
		n: t.cell("cause", i) === "gap" ? "" : t.columns.n[i] ?? t.number("n", i), where: where(t, i), insn: t.cell("insn", i),
		evidence: t.evidence(i),
	};
	return SHOWN.map(c => {
		const div = element("div", { className: "c-" + c, role: "cell" });
		if (c === "cause" && i >= 0)
			div.append(...t.cell("cause", i).split("+").map(x =>
				element("span", { className: "mark k-" + causeColor(x.replace(/\/.*/, "/n")) }, x)));
		else
			div.textContent = text[c] ?? "";
		div.title = div.textContent;
		return div;
	});
}

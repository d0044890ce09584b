/* view.js - the page: what is on it, keys, filter and search, and what is printed. */

function element(tag, properties, text) {
	const e = document.createElement(tag);
	const { role, ...rest } = properties || {};
	Object.assign(e, rest);
	if (role)
		e.setAttribute("role", role);
	if (text !== undefined)
		e.textContent = text;
	return e;
}

const PRINTED_MOST = 2000;
const KEYS = "Keys: \u2191 \u2193 Page Up/Down Home End move, n and p next and previous difference, + and \u2212 zoom, 0 all, / search, Esc leaves the search.";

class View {
	constructor(data) {
		this.traces = data.traces.map(t => new Trace(t));
		this.rows = new Rows(data.rows, this.traces);
		this.off = new Set();
		this.selected = -1;
		this.build();
		this.timeline = new Timeline(this.canvas, this.rows, this);
		this.table = new Table(this.box, this.rows, this);
		this.listen();
		this.refresh();
		this.timeline.resize();
		if (this.rows.n)
			this.select(Math.max(0, this.rows.nextDiffering(-1, 1)));
		document.body.dataset.ready = this.rows.n;
	}

	build() {
		const single = this.traces.length === 1;
		this.canvas = element("canvas", { tabIndex: 0, role: "img" });
		this.canvas.setAttribute("aria-label", "Timeline of stops, a lane a cause; the table below says the same.");
		this.box = element("div", { className: "table", tabIndex: 0, role: "table" });
		this.box.setAttribute("aria-label", "Stops");
		this.details = element("aside");
		this.details.setAttribute("aria-live", "polite");
		this.tip = element("div", { className: "tip", hidden: true });
		this.count = element("span", { className: "count" });
		document.body.append(
			element("h1", {}, "vmstep report: " + this.traces[0].guest.replace(/.*\//, "")),
			...this.traces.map(t => this.summary(t)), this.controls(single), this.canvas,
			this.split = element("div", { className: single ? "split" : "split several" }), element("p", { className: "keys" }, KEYS), this.tip);
		this.split.append(this.box, this.details);
	}

	summary(t) {
		const p = element("p", { className: "summary" });
		const policy = Object.entries(t.head.policy || {}).map(([k, v]) => k + " " + v).join(", ");
		const ended = t.sum.ended || /ended (\S+)/.exec(t.total || "")?.[1];
		p.append(element("b", {}, t.engine), "  " + [t.path, t.n + " records",
			ended ? "ended " + ended : "no total: the run was killed", t.head.host, t.head.started,
			policy].filter(Boolean).join(", "));
		if (t.complaint)
			p.append(element("span", { className: "complaint" }, `  ${t.damaged} line(s) left out: ${t.complaint}`));
		return p;
	}

	controls(single) {
		const bar = element("div", { className: "bar", role: "toolbar" });
		const counts = this.traces.map(causeCounts);
		const causes = [...new Set(counts.flatMap(c => [...c.keys()]))];
		this.search = element("input", { type: "search", placeholder: "search: text or /regular expression/" });
		this.search.setAttribute("aria-label", "Search");
		bar.append(this.search);
		for (const cause of causes)
			bar.append(this.chip(cause, counts.map(c => c.get(cause) || 0).join(" / ")));
		if (!single) {
			this.only = element("input", { type: "checkbox", onchange: () => this.refresh() });
			this.state = element("input", { type: "checkbox", onchange: () => this.weigh() });
			this.differing = element("span");
			bar.append(this.labelled(this.only, this.differing), this.labelled(this.state, "registers and flags, too"),
				this.button("\u2190 difference", () => this.step(-1)), this.button("difference \u2192", () => this.step(1)));
		}
		bar.append(this.button("\u2212", () => this.zoom(.5), "zoom out"), this.button("+", () => this.zoom(2), "zoom in"),
			this.button("all", () => this.zoom(0), "show the whole run"), this.count);
		return bar;
	}

	labelled(box, text) {
		const label = element("label", { className: "chip" });
		label.append(box, text);
		return label;
	}

	weigh() {
		this.rows.weigh(this.state.checked);
		this.refresh();
	}

	button(text, onclick, label) {
		const b = element("button", { type: "button", onclick }, text);
		b.setAttribute("aria-label", label || text);
		return b;
	}

	chip(cause, text) {
		const box = element("input", { type: "checkbox", checked: true });
		box.onchange = () => {
			this.off[box.checked ? "delete" : "add"](cause);
			this.refresh();
		};
		const label = this.labelled(box, element("span", { className: "mark k-" + causeColor(cause) }, cause));
		label.append(" " + text);
		return label;
	}

	pattern() {
		const text = this.search.value;
		const whole = /^\/(.+)\/$/.exec(text);
		this.search.setCustomValidity("");
		if (!text)
			return null;
		try {
			return new RegExp(whole ? whole[1] : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
		} catch (e) {
			this.search.setCustomValidity(e.message);
			return null;
		}
	}

	refresh() {
		this.rows.filter({ off: this.off, pattern: this.pattern(), onlyDiffering: this.only?.checked });
		if (this.differing)
			this.differing.textContent = `differences only (${this.rows.differing})`;
		this.count.textContent = `${this.rows.visible.length} of ${this.rows.n} rows`;
		this.table.refresh();
		if (this.timeline.ratio)
			this.timeline.draw();
	}

	select(row) {
		this.selected = row;
		this.timeline.show(row);
		this.table.show(row);
		this.details.replaceChildren(...rowDetails(this.rows, row));
	}

	/* By so many visible rows. */
	move(by) {
		const place = Math.max(0, Math.min(this.rows.place(this.selected) + by, this.rows.visible.length - 1));
		if (this.rows.visible.length)
			this.select(this.rows.visible[place]);
	}

	step(by) {
		const row = this.rows.nextDiffering(this.selected, by);
		if (row >= 0)
			this.select(row);
	}

	zoom(factor) {
		const t = this.timeline;
		const x = this.selected < 0 ? t.width / 2 : (this.selected - t.from) * t.scale;
		t.zoom(factor ? t.scale * factor : 0, Math.max(0, Math.min(x, t.width)));
	}

	hover(row, e) {
		this.tip.hidden = row < 0;
		if (row < 0)
			return;
		this.tip.textContent = rowText(this.rows, row);
		const x = Math.min(e.clientX + 14, window.innerWidth - this.tip.offsetWidth - 8);
		const y = e.clientY + 18 + this.tip.offsetHeight > window.innerHeight ? e.clientY - this.tip.offsetHeight - 8 : e.clientY + 18;
		this.tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
	}

	key(e) {
		if (e.target === this.search) {
			if (e.key === "Escape")
				this.search.blur();
			return;
		}
		if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches?.("input, button") && (e.key === " " || e.key === "Enter"))
			return;
		const page = Math.max(1, Math.floor(this.box.clientHeight / ROW) - 2);
		const action = {
			ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1),
			ArrowRight: () => this.move(1), ArrowLeft: () => this.move(-1),
			PageDown: () => this.move(page), PageUp: () => this.move(-page),
			Home: () => this.move(-this.rows.n), End: () => this.move(this.rows.n),
			n: () => this.step(1), p: () => this.step(-1),
			"+": () => this.zoom(2), "-": () => this.zoom(.5), 0: () => this.zoom(0),
			"/": () => this.search.focus(),
		}[e.key];
		if (!action)
			return;
		e.preventDefault();
		action();
	}

	listen() {
		document.addEventListener("keydown", e => this.key(e));
		this.search.addEventListener("input", () => this.refresh());
		window.addEventListener("resize", () => {
			this.timeline.resize();
			this.table.draw();
		});
		window.addEventListener("beforeprint", () => this.print());
		window.addEventListener("afterprint", () => this.unprint());
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.timeline.draw());
	}

	/* On paper: the picture in light colours, and the rows themselves, as many as anyone reads. */
	print() {
		const n = Math.min(this.rows.visible.length, PRINTED_MOST);
		const table = element("table");
		const head = table.createTHead().insertRow(), body = table.createTBody();
		for (const t of this.traces)
			head.append(...SHOWN.map(c => element("th", {}, c === "n" ? t.title() + " #" : HEADS[c])));
		for (let p = 0; p < n; p++) {
			const tr = body.insertRow(), row = this.rows.visible[p];
			tr.className = this.rows.differ[row] && this.traces.length > 1 ? "differs" : "";
			this.traces.forEach((t, k) => tr.append(...cells(t, this.rows.record[k][row]).map(c =>
				element("td", { className: c.className }, c.textContent))));
		}
		this.paper = element("div", { className: "paper" });
		this.paper.append(element("p", {}, n < this.rows.visible.length ?
			`The first ${n} of ${this.rows.visible.length} rows.` : `${n} rows.`), table);
		document.body.append(this.paper);
		document.documentElement.classList.add("printing");
		this.timeline.resize();
	}

	unprint() {
		this.paper?.remove();
		document.documentElement.classList.remove("printing");
		this.timeline.resize();
	}
}

new View(JSON.parse(document.getElementById("data").textContent));

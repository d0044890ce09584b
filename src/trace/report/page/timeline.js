/* timeline.js - the picture: a canvas of lanes over the rows, with zoom, pan and a strip of the whole. */

const LANE = 16, LABEL = 96, STRIP = 14, GROUP = 20, ZOOM_MAX = 28;

class Timeline {
	constructor(canvas, rows, view) {
		Object.assign(this, { canvas, rows, view, from: 0, scale: 0, whole: true, selected: -1 });
		this.groups = rows.traces.map((t, k) => ({
			title: t.title(), lanes: causeLanes(rows, k), states: stateLanes(rows, k),
		}));
		this.height = STRIP + 8 + this.groups.reduce((h, g) =>
			h + GROUP + LANE * (g.lanes.length + g.states.length), 0);
		this.listen();
	}

	get width() {
		return this.canvas.clientWidth - LABEL;
	}

	get least() {
		return this.width / Math.max(1, this.rows.n);
	}

	resize() {
		const ratio = window.devicePixelRatio || 1;
		this.canvas.style.height = this.height + "px";
		this.canvas.width = this.canvas.clientWidth * ratio;
		this.canvas.height = this.height * ratio;
		this.ratio = ratio;
		this.zoom(this.whole ? 0 : this.scale, 0);
	}

	/* So many pixels a row, with the row under pixel x kept where it is. */
	zoom(scale, x) {
		const row = this.from + x / (this.scale || 1);
		this.scale = Math.min(Math.max(scale, this.least), Math.max(ZOOM_MAX, this.least));
		this.whole = this.scale <= this.least * 1.001; /* stays so when the window changes */
		this.pan(row - x / this.scale);
	}

	pan(from) {
		this.from = Math.max(0, Math.min(from, this.rows.n - this.width / this.scale));
		this.draw();
	}

	show(row) {
		const span = this.width / this.scale;
		if (row < this.from || row >= this.from + span - 1)
			this.from = row - span / 2;
		this.selected = row;
		this.pan(this.from);
	}

	rowAt(event) {
		const x = event.clientX - this.canvas.getBoundingClientRect().left - LABEL;
		const row = Math.floor(this.from + x / this.scale);
		return x >= 0 && row >= 0 && row < this.rows.n ? row : -1;
	}

	color(name) {
		return this.palette[name] || (this.palette[name] =
			getComputedStyle(this.canvas).getPropertyValue("--" + name).trim() || "#888");
	}

	draw() {
		const g = this.canvas.getContext("2d");
		this.palette = {};
		g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
		g.clearRect(0, 0, this.canvas.clientWidth, this.height);
		g.font = "11px system-ui, sans-serif";
		g.textBaseline = "middle";
		this.drawStrip(g);
		let y = STRIP + 8;
		for (const group of this.groups)
			y = this.drawGroup(g, group, y);
		this.drawSelection(g);
	}

	drawStrip(g) {
		const per = this.width / this.rows.n;
		g.fillStyle = this.color("band");
		g.fillRect(LABEL, 0, this.width, STRIP);
		g.fillStyle = this.color("red");
		for (let row = 0, last = -1; this.rows.traces.length > 1 && row < this.rows.n; row++) {
			const x = Math.floor(LABEL + row * per);
			if (this.rows.differ[row] && x !== last)
				g.fillRect(last = x, 0, Math.max(1, per), STRIP);
		}
		g.strokeStyle = this.color("text");
		g.strokeRect(LABEL + this.from * per + .5, .5, Math.max(3, this.width / this.scale * per - 1), STRIP - 1);
		g.fillStyle = this.color("faint");
		g.fillText(this.rows.traces.length > 1 ? "differences" : "the whole", 4, STRIP / 2);
	}

	drawGroup(g, group, y) {
		g.fillStyle = this.color("text");
		g.font = "bold 12px system-ui, sans-serif";
		g.fillText(group.title, 4, y + GROUP / 2);
		g.font = "11px system-ui, sans-serif";
		y += GROUP;
		for (const lane of group.lanes) {
			this.drawLabel(g, lane.cause, lane.color, y);
			this.drawMarks(g, lane, y);
			y += LANE;
		}
		for (const lane of group.states) {
			this.drawLabel(g, lane.name, lane.color, y);
			this.drawSpans(g, lane, y);
			y += LANE;
		}
		return y;
	}

	drawLabel(g, name, color, y) {
		g.fillStyle = this.color("band");
		g.fillRect(LABEL, y + LANE - 1, this.width, 1);
		g.fillStyle = this.color(color);
		g.fillRect(4, y + 4, 8, 8);
		g.fillStyle = this.color("text");
		g.fillText(name, 17, y + LANE / 2);
	}

	/* One mark a pixel at most; rows that the filter leaves out are faint. */
	drawMarks(g, lane, y) {
		const w = Math.max(1, Math.min(this.scale - 1, 10));
		const end = this.from + this.width / this.scale;
		let last = -1;
		for (let k = Timeline.search(lane.at, Math.floor(this.from)); k < lane.at.length && lane.at[k] < end; k++) {
			const x = Math.floor(LABEL + (lane.at[k] - this.from) * this.scale);
			if (x === last || x < LABEL)
				continue;
			g.fillStyle = this.color(this.rows.shown[lane.at[k]] ? lane.color : "band");
			g.fillRect(x, y + 2, w, LANE - 5);
			last = x;
		}
	}

	drawSpans(g, lane, y) {
		const end = this.from + this.width / this.scale;
		for (const s of lane.spans) {
			if (s.to <= this.from || s.from >= end)
				continue;
			const x = Math.max(LABEL, LABEL + (s.from - this.from) * this.scale);
			const w = Math.max(1, LABEL + (Math.min(s.to, end) - this.from) * this.scale - x - 1);
			g.fillStyle = this.color(lane.color);
			g.fillRect(x, y + 3, w, LANE - 7);
			if (g.measureText(s.text).width + 6 < w) {
				g.fillStyle = this.color("onmark");
				g.fillText(s.text, x + 3, y + LANE / 2);
			}
		}
	}

	drawSelection(g) {
		const x = LABEL + (this.selected - this.from) * this.scale;
		if (this.selected < 0 || x < LABEL - this.scale || x > LABEL + this.width)
			return;
		g.strokeStyle = this.color("text");
		g.strokeRect(Math.floor(x) - .5, STRIP + 4, Math.max(2, this.scale), this.height - STRIP - 6);
	}

	static search(a, v) {
		let lo = 0, hi = a.length;
		while (lo < hi) {
			const mid = (lo + hi) >> 1;
			if (a[mid] < v)
				lo = mid + 1;
			else
				hi = mid;
		}
		return lo;
	}

	listen() {
		const c = this.canvas;
		let held = null;
		c.addEventListener("wheel", e => this.wheel(e), { passive: false });
		c.addEventListener("pointerdown", e => {
			held = { x: e.clientX, from: this.from, moved: false };
			c.setPointerCapture(e.pointerId);
		});
		c.addEventListener("pointermove", e => {
			if (held && Math.abs(e.clientX - held.x) > 3) {
				held.moved = true;
				this.pan(held.from - (e.clientX - held.x) / this.scale);
			}
			this.view.hover(held?.moved ? -1 : this.rowAt(e), e);
		});
		c.addEventListener("pointerup", e => {
			if (held && !held.moved && this.rowAt(e) >= 0)
				this.view.select(this.rowAt(e));
			held = null;
		});
		c.addEventListener("pointerleave", e => this.view.hover(-1, e));
	}

	wheel(e) {
		const x = e.clientX - this.canvas.getBoundingClientRect().left - LABEL;
		if (e.ctrlKey || e.metaKey)
			this.zoom(this.scale * Math.exp(-e.deltaY / 200), Math.max(0, x));
		else if (!this.whole)
			this.pan(this.from + (e.deltaX || e.deltaY) / this.scale);
		else
			return;
		e.preventDefault();
	}
}

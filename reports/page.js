(function () {
"use strict";
var $ = function (id) { return document.getElementById(id); };
var list = $("list"), packed = $("data"), config = $("words");
if (!config) return;
var W = JSON.parse(config.textContent);

function fill(message) {
	for (var i = 1; i < arguments.length; i++) message = message.replace("%s", function (v) { return function () { return v; }; }(arguments[i]));
	return message;
}
function number(n) { return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, W.thousands); }
function count(c, n) { return fill(n === 1 || n === 0 && W.lang === "fr" ? c.One : c.Other, number(n)); }
function el(name, cls, text) {
	var e = document.createElement(name);
	if (cls) e.className = cls;
	if (text !== undefined) e.textContent = text;
	return e;
}

// Lines of a survey are filtered where they stand.
if (W.survey) {
	var q = $("q"), from = $("source"), lines = [].slice.call(document.querySelectorAll("#rows tbody tr"));
	var sift = function () {
		var words = q.value.toLowerCase().split(/\s+/).filter(Boolean), n = 0;
		lines.forEach(function (r) {
			var ok = (!from.value || r.dataset.o === from.value) && words.every(function (w) { return r.dataset.t.indexOf(w) >= 0; });
			r.hidden = !ok;
			if (ok) n++;
		});
		$("count").textContent = fill(W.of, number(n), number(lines.length));
		$("nothing").hidden = n > 0;
	};
	if (q) {
		$("tools").hidden = false;
		[q, from].forEach(function (e) { e.addEventListener("input", sift); });
		sift();
	}
	return;
}
if (!list || !packed) return;

// Positions in a row; see rows.write.
var ID = 0, PERSON = 1, SOURCE = 2, PLACE = 3, DEGREE = 4, REVIEW = 5, WHEN = 6, NOTE = 7, RELATION = 8, WHY = 9,
	OTHERS = 10, COPIES = 11, MATCHES = 12, FIELDS = 13, EVIDENCE = 14, ACTIVITIES = 15, PROPOSAL = 16, FOREIGN = 17;
var DEGREES = ["certain", "likely", "possible"], PER_PAGE = 50;
var rows = [], texts = [], lower = [], found = [], page = 0, decided = {}, stored = true, dirty = false, last = -1;
var key = "spoor-review/1:" + W.run;

function unpack(b64) {
	var bin = atob(b64), bytes = new Uint8Array(bin.length);
	for (var i = 0; i < bin.length; i++) bytes[i] = bin.charCodeAt(i);
	return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function learn(all) {
	var number = function (v) {
		if (typeof v === "number") return v;
		texts.push(v);
		return texts.length - 1;
	};
	all.forEach(function (r) {
		[SOURCE, PLACE, RELATION, WHY, OTHERS, COPIES].forEach(function (i) { r[i] = number(r[i]); });
		[MATCHES, FIELDS, EVIDENCE, ACTIVITIES, PROPOSAL].forEach(function (i) { r[i] = r[i].map(number); });
	});
	return all;
}

// What is decided of a row: here, else as the report has it.
function name(r) { return r[PERSON] + " " + r[ID]; }
function decision(r) {
	var d = decided[name(r)];
	return !d ? r[REVIEW] : d.decision === "undecided" ? "" : d.decision;
}
function open(r) { return r[DEGREE] > 0 && !decision(r); }
function left() {
	var n = 0;
	for (var i = 0; i < rows.length; i++) if (open(rows[i])) n++;
	return n;
}

function keep() {
	try {
		localStorage.setItem(key, JSON.stringify({decided: decided, dirty: dirty}));
	} catch (e) {
		stored = false;
	}
	$("storage").hidden = stored;
	$("unsaved").hidden = !dirty;
}
function recall() {
	try {
		var kept = JSON.parse(localStorage.getItem(key) || "null");
		if (kept && kept.decided) {
			Object.keys(kept.decided).forEach(function (k) {
				var d = kept.decided[k];
				if (valid(d)) decided[k] = {decision: d.decision, time: d.time, note: d.note};
			});
			dirty = !!kept.dirty;
		}
	} catch (e) {
		stored = false;
	}
}
function valid(d) {
	return d && ["confirmed", "refused", "undecided"].indexOf(d.decision) >= 0 && typeof d.time === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(d.time) && !isNaN(Date.parse(d.time)) && typeof d.note === "string";
}

function option(select, value, text) {
	var o = el("option", "", text);
	o.value = value;
	select.appendChild(o);
}
function filters() {
	var seen = {}, activities = {};
	W.people.forEach(function (p, i) { option($("person"), i, p); });
	$("person").parentNode.hidden = W.people.length < 2;
	rows.forEach(function (r) {
		seen[r[SOURCE]] = 1;
		r[ACTIVITIES].forEach(function (a) { activities[a] = 1; });
	});
	Object.keys(seen).forEach(function (i) { option($("source"), i, texts[i]); });
	Object.keys(activities).forEach(function (i) { option($("activity"), i, texts[i]); });
	DEGREES.forEach(function (d, i) { option($("degree"), i, W.confidence[d]); });
	["open", "confirmed", "refused"].forEach(function (s) { option($("state"), s, W[s]); });
	["person", "source", "activity", "degree", "state"].forEach(function (id) { $(id).addEventListener("change", function () { filter(); }); });
	var timer;
	$("q").addEventListener("input", function () {
		clearTimeout(timer);
		timer = setTimeout(filter, 150);
	});
}

function filter() {
	var person = $("person").value, source = $("source").value, activity = $("activity").value, degree = $("degree").value, state = $("state").value;
	// A word is looked for once in every text, not once in every row.
	var words = $("q").value.toLowerCase().split(/\s+/).filter(Boolean).map(function (w) {
		if (!lower.length) lower = texts.map(function (t) { return t.toLowerCase(); });
		return {word: w, hit: lower.map(function (t) { return t.indexOf(w) >= 0; }), people: W.people.map(function (p) { return p.toLowerCase().indexOf(w) >= 0; })};
	});
	var has = function (r) {
		return words.every(function (w) {
			var any = function (list) {
				for (var i = 0; i < list.length; i++) if (w.hit[list[i]]) return true;
				return false;
			};
			return r[ID].indexOf(w.word) === 0 || w.people[r[PERSON]] || w.hit[r[SOURCE]] || w.hit[r[PLACE]] || w.hit[r[RELATION]] || w.hit[r[WHY]] || w.hit[r[OTHERS]] ||
				any(r[MATCHES]) || any(r[FIELDS]) || any(r[EVIDENCE]) || any(r[ACTIVITIES]) || any(r[PROPOSAL]);
		});
	};
	found = [];
	for (var i = 0; i < rows.length; i++) {
		var r = rows[i];
		if (person !== "" && r[PERSON] !== +person || source !== "" && r[SOURCE] !== +source || degree !== "" && r[DEGREE] !== +degree ||
			activity !== "" && r[ACTIVITIES].indexOf(+activity) < 0 || state === "open" && !open(r) || state && state !== "open" && decision(r) !== state || !has(r)) continue;
		found.push(i);
	}
	page = 0;
	show();
}

function pair(dl, term, text) {
	if (!text) return;
	dl.appendChild(el("dt", "", term));
	dl.appendChild(el("dd", "", text));
}
function join(list) { return list.map(function (i) { return texts[i]; }).join(", "); }

function item(i) {
	var r = rows[i], li = el("li", "rec"), head = el("p");
	li.tabIndex = -1;
	li.dataset.i = i;
	head.appendChild(el("span", DEGREES[r[DEGREE]], W.confidence[DEGREES[r[DEGREE]]]));
	head.appendChild(document.createTextNode(" · "));
	head.appendChild(el("span", "where", texts[r[PLACE]]));
	li.appendChild(head);
	if (r[MATCHES].length) {
		var chips = el("p");
		r[MATCHES].forEach(function (m) { chips.appendChild(el("span", "chip", texts[m])); });
		li.appendChild(chips);
	}
	var dl = el("dl", "small");
	if (W.people.length > 1) pair(dl, W.terms.person, W.people[r[PERSON]]);
	if (texts[r[WHY]]) {
		pair(dl, W.terms.why, texts[r[WHY]]);
		if (r[FOREIGN]) dl.lastChild.lang = "en";
	}
	pair(dl, W.terms.evidence, join(r[EVIDENCE]));
	pair(dl, W.terms.source, texts[r[SOURCE]]);
	pair(dl, W.terms.role, texts[r[RELATION]]);
	pair(dl, W.terms.fields, join(r[FIELDS]));
	pair(dl, W.terms.activity, join(r[ACTIVITIES]));
	pair(dl, W.terms.others, texts[r[OTHERS]]);
	pair(dl, W.terms.copies, texts[r[COPIES]]);
	var from = dl.children.length;
	pair(dl, W.terms.proposal, r[PROPOSAL].map(function (p) { return texts[p]; }).join("; "));
	[].slice.call(dl.children, from).forEach(function (e) { e.className = "proposal"; });
	pair(dl, W.terms.id, r[ID]);
	li.appendChild(dl);
	if (r[DEGREE] > 0) li.appendChild(controls(i, r));
	paint(li, r);
	return li;
}

function controls(i, r) {
	var box = el("div", "decide");
	var add = function (text, what) {
		var b = el("button", "", text);
		b.type = "button";
		b.dataset.d = what;
		b.setAttribute("aria-label", text + ": " + texts[r[PLACE]] + ", " + r[ID]);
		b.addEventListener("click", function () { decide(i, what); });
		box.appendChild(b);
	};
	add(W.terms.confirm, "confirmed");
	add(W.terms.refuse, "refused");
	add(W.terms.undo, "");
	box.appendChild(el("span", "state"));
	var label = el("label", "", W.terms.note + " "), note = el("input");
	note.type = "text";
	note.maxLength = 500;
	var known = decided[name(r)];
	note.value = known ? known.note : r[NOTE];
	note.addEventListener("change", function () {
		var d = decision(r);
		if (!d) return;
		decided[name(r)] = {decision: d, time: new Date().toISOString(), note: note.value};
		dirty = true;
		keep();
	});
	label.appendChild(note);
	box.appendChild(label);
	return box;
}

function paint(li, r) {
	var d = decision(r);
	li.classList.toggle("yes", d === "confirmed");
	li.classList.toggle("no", d === "refused");
	[].forEach.call(li.querySelectorAll(".proposal"), function (e) { e.hidden = d === "refused"; });
	if (r[DEGREE] === 0) return;
	li.querySelector(".state").textContent = d ? W[d] : "";
	[].forEach.call(li.querySelectorAll("button"), function (b) {
		if (b.dataset.d) b.setAttribute("aria-pressed", String(b.dataset.d === d));
		else b.disabled = !d;
	});
	li.querySelector("label").hidden = !d;
}

function decide(i, what) {
	var r = rows[i], li = list.querySelector('[data-i="' + i + '"]');
	if (r[DEGREE] === 0) return;
	if (!what && !decision(r)) return;
	last = what ? i : -1;
	// What is taken back may stand in a file that was saved, or in the report: it
	// is a decision of its own, and the later one.
	var note = what && li && li.querySelector("input");
	decided[name(r)] = {decision: what || "undecided", time: new Date().toISOString(), note: note ? note.value : ""};
	dirty = true;
	keep();
	if (li) paint(li, r);
	var n = left(), rest = n ? count(W.left, n) : W.done;
	$("left").textContent = rest;
	$("status").textContent = what ? fill(W.says, W[what], rest.replace(/\.$/, "")) : rest;
	if (what && li) step(li, 1, true);
}

// step goes to the next or the one before, over the end of a page.
function step(li, by, undecided) {
	var to = li;
	do {
		to = by > 0 ? to.nextElementSibling : to.previousElementSibling;
	} while (to && undecided && !open(rows[to.dataset.i]));
	if (to) {
		to.focus();
		return;
	}
	var next = page + by;
	if (next < 0 || next >= Math.ceil(found.length / PER_PAGE)) {
		li.focus();
		return;
	}
	page = next;
	show();
	to = by > 0 ? list.firstElementChild : list.lastElementChild;
	if (undecided && to && !open(rows[to.dataset.i])) step(to, by, true);
	else if (to) to.focus();
}

function show() {
	var from = page * PER_PAGE, pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
	list.textContent = "";
	var box = document.createDocumentFragment();
	for (var k = from; k < Math.min(found.length, from + PER_PAGE); k++) box.appendChild(item(found[k]));
	list.appendChild(box);
	$("count").textContent = fill(W.count, number(found.length), number(rows.length));
	$("nothing").hidden = found.length > 0;
	$("pages").hidden = pages < 2;
	$("page").textContent = fill(W.page, number(page + 1), number(pages));
	$("previous").disabled = page === 0;
	$("next").disabled = page + 1 >= pages;
	var n = left();
	$("left").textContent = n ? count(W.left, n) : W.done;
}

function turn(by) {
	page += by;
	show();
	if (list.firstElementChild) list.firstElementChild.focus();
}

function save() {
	var out = [];
	rows.forEach(function (r) {
		var d = decided[name(r)];
		if (d) out.push({finding: r[ID], subject: W.ids[r[PERSON]], decision: d.decision, time: d.time, note: d.note});
		else if (r[REVIEW] || r[WHEN]) out.push({finding: r[ID], subject: W.ids[r[PERSON]], decision: r[REVIEW] || "undecided", time: r[WHEN] || W.finished, note: r[NOTE]});
	});
	var text = JSON.stringify({format: "spoor-review/1", run: W.run, decisions: out}, null, 1) + "\n";
	var a = el("a"), url = URL.createObjectURL(new Blob([text], {type: "application/json"}));
	a.href = url;
	a.download = "review-" + W.run.replace(/[^A-Za-z0-9_-]/g, "") + ".json";
	document.body.appendChild(a);
	a.click();
	a.remove();
	setTimeout(function () { URL.revokeObjectURL(url); }, 1000);
	dirty = false;
	keep();
}

function load(file) {
	file.text().then(function (text) {
		var f = null;
		try { f = JSON.parse(text.replace(/^\ufeff/, "")); } catch (e) { /* said below */ }
		if (!f || f.format !== "spoor-review/1" || typeof f.run !== "string" || !Array.isArray(f.decisions) || !f.decisions.every(valid)) {
			$("status").textContent = W.notReview;
			return;
		}
		var at = {}, n = 0;
		rows.forEach(function (r) { at[JSON.stringify([W.ids[r[PERSON]], r[ID]])] = r; });
		f.decisions.forEach(function (d) {
			var r = at[JSON.stringify([d.subject, d.finding])];
			if (!r) return;
			n++;
			var known = decided[name(r)] || (r[WHEN] ? {time: r[WHEN]} : null);
			if (known && Date.parse(known.time) > Date.parse(d.time)) return;
			decided[name(r)] = {decision: d.decision, time: d.time, note: d.note};
		});
		dirty = true;
		keep();
		filter();
		$("status").textContent = count(W.loaded, n) + (f.run === W.run ? "" : " " + W.otherRun);
	});
}

// Keys work only while a record has the focus (WCAG 2.1, 2.1.4), and never in
// the field for a note.
function pressed(e) {
	var li = e.target.closest && e.target.closest(".rec");
	if (!li || e.ctrlKey || e.altKey || e.metaKey || e.target.tagName === "INPUT") return;
	var i = +li.dataset.i, k = e.key.toLowerCase();
	if (k === "j") step(li, 1);
	else if (k === "k") step(li, -1);
	else if (k === "c") decide(i, "confirmed");
	else if (k === "x") decide(i, "refused");
	else if (k === "u") {
		// A decision moves on to the next record: where that has none, the one just
		// made is meant.
		var back = decision(rows[i]) || last < 0 ? i : last;
		decide(back, "");
		var to = list.querySelector('[data-i="' + back + '"]');
		if (to) to.focus();
	}
	else return;
	e.preventDefault();
}

function begin() {
	$("state").value = "open";
	filter();
	if (list.firstElementChild) list.firstElementChild.focus();
	else $("status").textContent = W.done;
}

if (typeof DecompressionStream === "undefined" || typeof Blob === "undefined") {
	$("old").hidden = false;
	return;
}
unpack(packed.textContent).then(function (text) {
	rows = learn(JSON.parse(text));
	packed.textContent = "";
	recall();
	filters();
	$("first").hidden = true;
	$("tools").hidden = false;
	$("reviewing").hidden = false;
	list.addEventListener("keydown", pressed);
	$("start").addEventListener("click", begin);
	$("save").addEventListener("click", save);
	$("load").addEventListener("change", function () {
		if (this.files[0]) load(this.files[0]);
		this.value = "";
	});
	$("previous").addEventListener("click", function () { turn(-1); });
	$("next").addEventListener("click", function () { turn(1); });
	window.addEventListener("beforeunload", function (e) {
		if (dirty && !stored) e.preventDefault();
	});
	keep();
	filter();
	document.documentElement.dataset.ready = "yes";
}, function () {
	$("old").hidden = false;
});
})();

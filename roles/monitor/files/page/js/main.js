// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Puts the state on the page, whole at each tick; dom.js changes only what differs. */

import { actions } from './actions.js';
import * as api from './api.js';
import { fillCharts, redrawCharts } from './charts.js';
import { directors } from './directors.js';
import { audit, configuration } from './documents.js';
import { h, update } from './dom.js';
import { forgotten, freshness } from './freshness.js';
import { shortcuts } from './keys.js';
import { live } from './live.js';
import { directorPage, historyPage, serverPage } from './nodes.js';
import { section } from './parts.js';
import { parse } from './router.js';
import { services } from './services.js';
import { theme } from './theme.js';
import { timeline } from './timeline.js';
import { topology } from './topology.js';
import { findings, verdict, verdictBar } from './verdict.js';
import { storage, web } from './web.js';

const REFRESH = 15; // seconds between two questions for what does not stream
const NARROWEST = 240; // pixels of a picture: a window may have no room at all for a moment

const app = {
    seen: null, // the newest state, as it came
    state: null, // what of it may still be said
    received: null, polling: false, age: null, fresh: 'unknown', fault: null,
    route: parse(location.hash), hours: 24, width: 0,
    all: new Set(), // services whose servers are all listed
    asked: {}, // answers of what does not stream, by view
};

const main = document.getElementById('main');

const overview = () => [
    findings(app),
    section('cluster', 'Cluster', null, h('div', { class: 'card picture' }, topology(app.state, app.width))),
    services(app), directors(app), web(app), storage(app),
];

const VIEWS = {
    overview, timeline, configuration, audit, history: historyPage, server: serverPage, director: directorPage,
};

const QUESTIONS = {
    timeline: () => api.timeline(app.hours), configuration: api.configuration, audit: api.audit,
};

function render() {
    document.body.dataset.data = app.fresh;
    if (!app.state) return;
    const style = getComputedStyle(main);
    const room = main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 26;
    app.width = Math.max(NARROWEST, Math.floor(room));
    update(main, h('div', null, VIEWS[app.route.view](app)));
    fillCharts();
}

let spoken = '';

function bar() {
    update(document.getElementById('verdict'), h('div', null, verdictBar(app)));
    const { level, text } = verdict(app);
    document.title = `${level === 'ok' ? 'OK' : level} – HA web`;
    // Told once, not with each second of its age.
    const words = app.state && app.fresh !== 'fresh' ? 'No data: what you see is old' : text;
    if (words !== spoken) document.getElementById('told').textContent = words;
    spoken = words;
}

/** Each second: how old is it by now? */
function pass() {
    app.age = app.received === null ? null : (performance.now() - app.received) / 1000;
    const fresh = freshness(app.age, app.polling);
    if (fresh !== app.fresh) {
        app.fresh = fresh;
        if (fresh === 'unknown' && app.seen) app.state = forgotten(app.seen);
        render();
    }
    bar();
}

function tick(state, polling) {
    app.polling = polling;
    app.fault = null;
    // What the service repeats is no news.
    if (app.seen?.at === state.at) return;
    app.seen = app.state = state;
    app.received = performance.now();
    app.age = 0;
    app.fresh = 'fresh';
    render();
    bar();
}

function fail(words) {
    app.fault = words;
    bar();
}

async function question() {
    const { view } = app.route;
    if (!QUESTIONS[view]) return;
    const hours = app.hours;
    const answer = await QUESTIONS[view]().then((found) => ({ found }), (error) => ({ error: error.message }));
    if (hours !== app.hours) return;
    app.asked[view] = answer;
    render();
}

function navigate() {
    app.route = parse(location.hash);
    for (const item of document.querySelectorAll('nav a')) {
        const current = parse(item.hash).view === app.route.view;
        if (current) item.setAttribute('aria-current', 'page');
        else item.removeAttribute('aria-current');
    }
    render();
    question();
}

window.addEventListener('hashchange', () => {
    navigate();
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
});

document.addEventListener('click', (event) => {
    if (event.target.closest('.skip')) {
        // The address after # is the view's.
        event.preventDefault();
        main.focus();
    }
    const hours = event.target.closest('[data-hours]');
    if (hours) {
        app.hours = Number(hours.dataset.hours);
        render();
        question();
    }
    const all = event.target.closest('[data-all]');
    if (all) {
        app.all.add(all.dataset.all);
        render();
    }
});

window.addEventListener('resize', render);
theme(redrawCharts);
shortcuts();
actions(app);
navigate();
setInterval(pass, 1000);
setInterval(question, REFRESH * 1000);
pass();
live(tick, fail);

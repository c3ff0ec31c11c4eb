// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
fetch('/api/').then(answer => answer.json()).then(who => { document.title = who.node; });

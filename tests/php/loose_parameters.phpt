--TEST--
Numbers as keys and null or digits as ttl are taken, as by the extension
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
var_dump(eaccelerator_put(7, 'seven', null), eaccelerator_get('7'));
var_dump(eaccelerator_put(null, 'none', '600'), eaccelerator_get(''));
var_dump(eaccelerator_put('long', 1, PHP_INT_MAX), eaccelerator_get('long'));
var_dump(eaccelerator_put('until', 1, time() + 600), eaccelerator_get('until'));
--EXPECT--
bool(true)
string(5) "seven"
bool(true)
string(4) "none"
bool(true)
int(1)
bool(true)
int(1)

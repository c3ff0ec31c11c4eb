--TEST--
A key expires after its ttl, in seconds; 0 is never
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
eaccelerator_put('second', 1, 1);
eaccelerator_put('ever', 1, 0);
eaccelerator_put('past', 1, -1);
var_dump(eaccelerator_get('second'), eaccelerator_get('past'));
sleep(3);
var_dump(eaccelerator_get('second'), eaccelerator_get('ever'));
--EXPECT--
int(1)
NULL
NULL
int(1)

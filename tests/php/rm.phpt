--TEST--
rm is true, also for a key that is not there
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
eaccelerator_put('key', 1);
var_dump(eaccelerator_rm('key'), eaccelerator_get('key'), eaccelerator_rm('key'));
--EXPECT--
bool(true)
NULL
bool(true)

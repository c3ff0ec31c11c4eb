--TEST--
A stored false comes back; a key that is not there is NULL
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
var_dump(eaccelerator_put('no', false), eaccelerator_get('no'), eaccelerator_get('none'));
var_dump(eaccelerator_put('null', null), eaccelerator_get('null'));
--EXPECT--
bool(true)
bool(false)
NULL
bool(true)
NULL

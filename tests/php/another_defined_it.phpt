--TEST--
A function that is there already stays
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
function eaccelerator_get($key)
{
    return 'mine';
}
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
var_dump(eaccelerator_get('key'), function_exists('eaccelerator_put'));
--EXPECT--
string(4) "mine"
bool(true)

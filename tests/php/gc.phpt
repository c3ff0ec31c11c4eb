--TEST--
gc is true and keeps what has not expired
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
eaccelerator_put('key', 1);
var_dump(eaccelerator_gc(), eaccelerator_get('key'));
--EXPECT--
bool(true)
int(1)

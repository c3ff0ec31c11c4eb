--TEST--
Who was too slow does not unlock the next one's lock
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

$name = Api::name('key', 'eaccelerator-lock');
eaccelerator_lock('key');
apcu_delete($name); // as at the end of its ttl
apcu_add($name, 5);
var_dump(eaccelerator_unlock('key'), apcu_fetch($name));
--EXPECT--
bool(false)
int(5)

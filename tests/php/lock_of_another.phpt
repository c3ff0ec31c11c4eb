--TEST--
Another's lock cannot be unlocked, and the wait for it ends
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Locks;

eaccelerator_lock('key');
if (pcntl_fork() === 0) {
    Locks::$patience = 0.2;
    var_dump(eaccelerator_unlock('key'));
    $start = microtime(true);
    var_dump(eaccelerator_lock('key'));
    var_dump(microtime(true) - $start < 2);
    exit;
}
pcntl_wait($status);
var_dump(apcu_exists(HaWeb\EAccelerator\Api::name('key', 'eaccelerator-lock')));
--EXPECTF--
bool(false)

Warning: eaccelerator_lock: key is still locked, this goes on without in %s on line %d
bool(false)
bool(true)
bool(true)

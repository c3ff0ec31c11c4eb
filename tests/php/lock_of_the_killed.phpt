--TEST--
The lock of a process that was killed ends by its ttl
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Locks;

Locks::$ttl = 1;
$child = pcntl_fork();
if ($child === 0) {
    eaccelerator_lock('key');
    sleep(60);
}
while (!apcu_exists(HaWeb\EAccelerator\Api::name('key', 'eaccelerator-lock'))) {
    usleep(1000);
}
posix_kill($child, SIGKILL);
pcntl_wait($status);
$start = microtime(true);
var_dump(eaccelerator_lock('key'));
$waited = microtime(true) - $start;
var_dump($waited > 0.5 && $waited < 4);
--EXPECT--
bool(true)
bool(true)

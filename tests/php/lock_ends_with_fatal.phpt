--TEST--
A lock ends with a script that dies of a fatal error, after its last functions
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

if (pcntl_fork() === 0) {
    eaccelerator_lock('key');
    register_shutdown_function(static function (): void {
        var_dump(apcu_exists(Api::name('key', 'eaccelerator-lock')));
    });
    str_repeat('x', PHP_INT_MAX - 100);
}
pcntl_wait($status);
var_dump(apcu_exists(Api::name('key', 'eaccelerator-lock')));
--EXPECTF--
%AFatal error: %a
bool(true)
bool(false)

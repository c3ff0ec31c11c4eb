--TEST--
A lock ends with a script that dies of an exception
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

if (pcntl_fork() === 0) {
    eaccelerator_lock('key');
    throw new Exception('out');
}
pcntl_wait($status);
var_dump(apcu_exists(Api::name('key', 'eaccelerator-lock')));
--EXPECTF--
%AFatal error: Uncaught Exception: out%A
bool(false)

--TEST--
A lock ends with a script that exits
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

if (pcntl_fork() === 0) {
    eaccelerator_lock('key');
    var_dump(apcu_exists(Api::name('key', 'eaccelerator-lock')));
    exit;
}
pcntl_wait($status);
var_dump(apcu_exists(Api::name('key', 'eaccelerator-lock')));
--EXPECT--
bool(true)
bool(false)

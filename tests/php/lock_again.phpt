--TEST--
A lock that this request holds is had again, and unlocked once
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
var_dump(eaccelerator_lock('key'), eaccelerator_lock('key'), eaccelerator_unlock('key'));
var_dump(apcu_exists(HaWeb\EAccelerator\Api::name('key', 'eaccelerator-lock')), eaccelerator_unlock('key'));
--EXPECT--
bool(true)
bool(true)
bool(true)
bool(false)
bool(true)

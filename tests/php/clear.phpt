--TEST--
clear removes the own keys and pages alone, and no lock
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

Api::start('other', '');
eaccelerator_put('key', 'other');
Api::start('www', '');
eaccelerator_put('key', 1);
eaccelerator_lock('key');
apcu_store(Api::name('page', 'eaccelerator-page'), 1);
eaccelerator_clear();
var_dump(eaccelerator_list_keys(), apcu_exists(Api::name('page', 'eaccelerator-page')));
var_dump(apcu_exists(Api::name('key', 'eaccelerator-lock')));
Api::start('other', '');
var_dump(eaccelerator_get('key'));
--EXPECT--
array(0) {
}
bool(false)
bool(true)
string(5) "other"

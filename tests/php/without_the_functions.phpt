--TEST--
Where the functions of APCu and OPcache are disabled no page breaks
--INI--
disable_functions=apcu_enabled,opcache_get_status,opcache_reset
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
eaccelerator_clear();
var_dump(eaccelerator_put('key', 1), eaccelerator_list_keys(), eaccelerator_cached_scripts());
var_dump(eaccelerator_info()['cachedScripts']);
--EXPECT--
bool(false)
array(0) {
}
array(0) {
}
int(0)

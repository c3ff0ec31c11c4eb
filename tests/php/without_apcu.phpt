--TEST--
Without APCu every key is a miss and no page breaks
--INI--
apc.enable_cli=0
opcache.enable_cli=0
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
var_dump(eaccelerator_put('key', 1), eaccelerator_get('key'), eaccelerator_rm('key'), eaccelerator_gc());
var_dump(eaccelerator_lock('key'), eaccelerator_unlock('key'), eaccelerator_list_keys(), eaccelerator_cached_scripts());
var_dump(eaccelerator_info()['memorySize'], eaccelerator_cache_page('page'), eaccelerator_rm_page('page'));
eaccelerator_clear();
eaccelerator_clean();
eaccelerator_purge();
echo 'page';
--EXPECT--
bool(false)
NULL
bool(false)
bool(true)
bool(false)
bool(false)
array(0) {
}
array(0) {
}
int(0)
bool(false)
NULL
page

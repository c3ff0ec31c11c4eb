--TEST--
Outside restrict_api OPcache is left alone, with one warning; the keys go
--INI--
opcache.enable_cli=1
opcache.restrict_api=/nowhere
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
eaccelerator_put('key', 1);
eaccelerator_clear();
eaccelerator_clear();
var_dump(eaccelerator_get('key'), eaccelerator_cached_scripts(), eaccelerator_info()['cachedScripts']);
--EXPECTF--
Warning: This script is not below opcache.restrict_api: OPcache is left alone in %s on line %d
NULL
array(0) {
}
int(0)

--TEST--
Loading defines all functions and does nothing else
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

Api::start('www', '');
foreach (get_defined_functions()['user'] as $name) {
    echo $name, "\n";
}
--EXPECT--
eaccelerator_put
eaccelerator_get
eaccelerator_rm
eaccelerator_gc
eaccelerator_list_keys
eaccelerator_lock
eaccelerator_unlock
eaccelerator_cache_page
eaccelerator_rm_page
eaccelerator_info
eaccelerator_cached_scripts
eaccelerator_removed_scripts
eaccelerator_clear
eaccelerator_clean
eaccelerator_purge
eaccelerator_caching
eaccelerator_optimizer
eaccelerator_check_mtime

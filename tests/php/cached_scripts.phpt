--TEST--
Cached scripts have what control.php showed
--INI--
opcache.enable_cli=1
opcache.file_update_protection=0
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
$found = null;
foreach (eaccelerator_cached_scripts() as $script) {
    $found = basename($script['file']) === 'api.php' ? $script : $found;
}
echo implode(' ', array_keys($found)), "\n";
var_dump($found['size'] > 0, abs(time() - $found['mtime']) > 0, eaccelerator_removed_scripts());
eaccelerator_clear();
--EXPECT--
file mtime size reloads usecount hits
bool(true)
bool(true)
array(0) {
}

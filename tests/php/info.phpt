--TEST--
info has the entries of 0.9.5, and does not say that it is eAccelerator
--INI--
opcache.enable_cli=1
opcache.file_update_protection=0
opcache.optimization_level=0
opcache.validate_timestamps=0
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
eaccelerator_put('key', 1);
$info = eaccelerator_info();
echo implode("\n", array_keys($info)), "\n";
var_dump($info['version'], $info['cachedKeys'], $info['removedScripts'], $info['cachedScripts'] > 0);
var_dump($info['cache'], $info['optimizer'], $info['check_mtime']);
var_dump($info['memoryAvailable'] > 0, $info['memoryAvailable'] + $info['memoryAllocated'] === $info['memorySize']);
--EXPECT--
version
shm_type
sem_type
logo
cache
optimizer
check_mtime
memorySize
memoryAvailable
memoryAllocated
cachedScripts
removedScripts
cachedKeys
string(6) "compat"
int(1)
int(0)
bool(true)
bool(true)
bool(false)
bool(false)
bool(true)
bool(true)

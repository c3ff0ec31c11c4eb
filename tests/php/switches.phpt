--TEST--
The server's switches answer with a warning
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
var_dump(eaccelerator_caching(false), eaccelerator_optimizer(true), eaccelerator_check_mtime(1));
--EXPECTF--
Warning: eaccelerator_caching does nothing here: opcache.enable is set for the whole server%s on line %d

Warning: eaccelerator_optimizer does nothing here: opcache.optimization_level is set for the whole server%s on line %d

Warning: eaccelerator_check_mtime does nothing here: opcache.validate_timestamps is set for the whole server%s on line %d
NULL
NULL
NULL

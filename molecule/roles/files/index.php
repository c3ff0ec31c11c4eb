<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
header('Content-Type: text/plain');
$user = posix_getpwuid(posix_geteuid())['name'];
echo implode(' ', [php_sapi_name(), $user, ini_get('memory_limit'), function_exists('apcu_store') ? 'apcu' : 'none']);

<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// Runs a script that only the user of this pool may read, and has it cached.
header('Content-Type: text/plain');
echo (@include '/var/www/secret/secret.php') ?: 'none', "\n";

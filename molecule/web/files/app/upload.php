<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// Takes the field "file" of a form, puts it on the shared storage, and lists what lies there: checksum and name.
const FOLDER = '/srv/ha-web/shared/uploads';
header('Content-Type: text/plain');

function refuse(int $status, string $why): never
{
    http_response_code($status);
    exit("$why\n");
}

if (!is_dir(FOLDER) && !@mkdir(FOLDER, 0755) && !is_dir(FOLDER)) {
    refuse(503, 'no storage');
}
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $name = basename($_FILES['file']['name'] ?? '');
    if (!preg_match('/^[A-Za-z0-9_-]+(\.[a-z0-9]+)?$/', $name) || ($_FILES['file']['error'] ?? 1) !== UPLOAD_ERR_OK) {
        refuse(400, 'no upload');
    }
    // Under its name at once or not at all: other nodes read along.
    $hidden = FOLDER . '/.' . $name . '.' . bin2hex(random_bytes(8));
    if (!move_uploaded_file($_FILES['file']['tmp_name'], $hidden) || !rename($hidden, FOLDER . '/' . $name)) {
        refuse(503, 'not stored');
    }
    http_response_code(201);
}
echo 'node: ', gethostname(), "\n";
foreach (glob(FOLDER . '/*') as $file) {
    echo md5_file($file), ' ', basename($file), "\n";
}

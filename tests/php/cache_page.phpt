--TEST--
A page is made once; after rm_page it is made again
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
function page(string $key, callable $write): string
{
    $file = tempnam(sys_get_temp_dir(), 'page');
    if (pcntl_fork() === 0) {
        ob_start(static function (string $text) use ($file): string {
            file_put_contents($file, $text);
            return '';
        });
        eaccelerator_cache_page($key, 100);
        $write();
        exit;
    }
    pcntl_wait($status);
    $text = file_get_contents($file);
    unlink($file);
    return $text;
}

$time = static function (): void {
    echo hrtime(true);
};
$first = page('page', $time);
var_dump(strlen($first) > 0, page('page', $time) === $first, page('other', $time) === $first);
var_dump(eaccelerator_get('page'), eaccelerator_list_keys());
eaccelerator_rm_page('page');
var_dump(page('page', $time) === $first);
--EXPECT--
bool(true)
bool(true)
bool(false)
NULL
array(0) {
}
bool(false)

--TEST--
Pages with an error or a status of their own, or sent in parts, are not kept
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

$pages = [
    'plain' => static function (): void {
    },
    'missing' => static function (): void {
        http_response_code(404);
    },
    'fatal' => static function (): void {
        throw new Exception('out');
    },
    'flushed' => static function (): void {
        echo 'part';
        ob_flush();
    },
    'dropped' => static function (): void {
        ob_end_clean();
    },
];
// Told in the end: once something is sent, a page has no status of its own any more.
$told = [];
foreach ($pages as $key => $page) {
    page($key, $page);
    $told[] = $key . ' ' . (HaWeb\EAccelerator\Api::get($key, 'eaccelerator-page') === null ? 'made again' : 'kept');
}
echo implode("\n", $told), "\n";
--EXPECT--
plain kept
missing made again
fatal made again
flushed made again
dropped made again

--TEST--
Cached scripts are searched, sorted and shown by pages
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

$scripts = [];
for ($i = 0; $i < 120; $i++) {
    $path = sprintf('/srv/%03d.php', $i);
    $scripts[$path] = [
        'full_path' => $path,
        'hits' => $i % 10,
        'memory_consumption' => 1000 + $i,
        'last_used_timestamp' => 5000 - $i,
    ];
}
function show(string $what, array $found): void
{
    $paths = array_column($found['rows'], 'path');
    echo "$what: ", count($paths), " of {$found['total']}, page {$found['page']} of {$found['pages']}, ",
        $paths === [] ? 'none' : "$paths[0] to " . end($paths), "\n";
}
show('by hits, then path', Listing::of($scripts, '', 'hits', 'desc', 1));
show('by path', Listing::of($scripts, '', 'path', 'asc', 2));
show('by path, down', Listing::of($scripts, '', 'path', 'desc', 1));
show('by memory', Listing::of($scripts, '', 'memory', 'desc', 1));
show('by last use', Listing::of($scripts, '', 'used', 'asc', 1));
show('search', Listing::of($scripts, 'SRV/11', 'path', 'asc', 1));
show('beyond the end', Listing::of($scripts, '', 'path', 'asc', 1000));
show('nothing', Listing::of($scripts, 'x', 'path', 'asc', 2));
show('without figures', Listing::of(['/a' => [], 7 => []], '', 'path', 'asc', 1));
var_dump(Listing::read(['rows' => 'x']));
var_dump(Listing::read(['rows' => [['path' => 'a', 'hits' => 'x'], 'b'], 'total' => 1]));
?>
--EXPECT--
by hits, then path: 50 of 120, page 1 of 3, /srv/009.php to /srv/015.php
by path: 50 of 120, page 2 of 3, /srv/050.php to /srv/099.php
by path, down: 50 of 120, page 1 of 3, /srv/119.php to /srv/070.php
by memory: 50 of 120, page 1 of 3, /srv/119.php to /srv/070.php
by last use: 50 of 120, page 1 of 3, /srv/119.php to /srv/070.php
search: 10 of 10, page 1 of 1, /srv/110.php to /srv/119.php
beyond the end: 20 of 120, page 3 of 3, /srv/100.php to /srv/119.php
nothing: 0 of 0, page 1 of 1, none
without figures: 2 of 2, page 1 of 1, /a to 7
NULL
array(4) {
  ["rows"]=>
  array(1) {
    [0]=>
    array(4) {
      ["path"]=>
      string(1) "a"
      ["hits"]=>
      int(0)
      ["memory"]=>
      int(0)
      ["used"]=>
      int(0)
    }
  }
  ["total"]=>
  int(1)
  ["page"]=>
  int(0)
  ["pages"]=>
  int(0)
}

--TEST--
Whatever comes from outside stays text
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

echo Html::name('<script>"a" & \'b\'</script>'), "\n";
echo Html::name("two\nlines, a\ttab, turned \u{202e}round, broken \xff."), "\n";
echo Html::name('Füße'), "\n";
foreach ([0, 1023, 1 << 20, 3 << 29] as $bytes) {
    echo Html::size($bytes), "\n";
}
echo Html::share(0, 0), ' ', Html::share(9999, 10000), ' ', Html::share(1, 1), "\n";
echo Html::number(1234567), ' ', Html::time(0), ' ', Html::time(86400), "\n";
echo Html::ago(10, 5), ', ', Html::ago(0, 59), ', ', Html::ago(0, 3600), ', ', Html::ago(0, 200000), "\n";
$page = new Page('web1', '<admin>', 'to"ken', 0);
$bad = '"><script>\'';
$state = Snapshot::read(['node' => $bad, 'php' => $bad, 'enabled' => true, 'apcu' => ['version' => $bad],
    'directives' => [['name' => $bad, 'value' => $bad, 'becomes' => $bad]]]);
$listing = ['q' => $bad, 'sort' => 'path', 'order' => 'asc', 'page' => 1];
$scripts = ['rows' => [['path' => $bad, 'hits' => 0, 'memory' => 0, 'used' => 0]],
    'total' => 1, 'page' => 1, 'pages' => 2];
$html = $page->show([$bad => [$state, ''], 'web2' => [null, $bad]], $bad, $listing, [$scripts, ''], [$bad => $bad]);
$html .= $page->show(['web2' => [null, $bad]], 'web2', $listing, [null, $bad], []);
$html .= Page::refusal($bad);
echo substr_count($html, '<script'), ' ', substr_count($html, "script&gt;&apos;") > 15 ? 'escaped' : 'missing', ' ',
    substr_count($html, '<admin>'), ' ', substr_count($html, 'style='), "\n";
?>
--EXPECT--
&lt;script&gt;&quot;a&quot; &amp; &apos;b&apos;&lt;/script&gt;
two\x0alines, a\x09tab, turned \xe2\x80\xaeround, broken �.
Füße
0.0 KiB
1.0 KiB
1.0 MiB
1 536.0 MiB
– 99.9 % 100.0 %
1 234 567 never 1970-01-02 00:00:00 UTC
0 s ago, 59 s ago, 1 h ago, 2 d ago
0 escaped 0 0

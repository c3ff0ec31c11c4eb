--TEST--
Parts of a whole become SVG without a style
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

echo Picture::bar(['used' => 1, 'free' => 3, 'wasted' => 0], 'a "bar"'), "\n";
echo Picture::ring(['used' => 1, 'free' => 2, 'wasted' => 1], 'a ring', '<50 %'), "\n";
echo Picture::bar(['used' => 0, 'free' => 0], 'nothing'), "\n";
// The decimal point stays one in every language.
setlocale(LC_ALL, 'de_DE.UTF-8', 'C');
echo preg_match('/\d,\d/', Picture::bar(['used' => 1, 'free' => 2], 'thirds')), "\n";
?>
--EXPECT--
<svg class="bar" viewBox="0 0 100 8" role="img" aria-label="a &quot;bar&quot;" preserveAspectRatio="none"><rect class="used" x="0.00" y="0" width="25.00" height="8"/><rect class="free" x="25.00" y="0" width="75.00" height="8"/></svg>
<svg class="ring" viewBox="0 0 42 42" role="img" aria-label="a ring"><circle class="track" cx="21" cy="21" r="15.9155" fill="none" stroke-width="5.5"/><circle class="used" cx="21" cy="21" r="15.9155" fill="none" stroke-width="5.5" stroke-dasharray="25.00 75.00" stroke-dashoffset="25.00"/><circle class="free" cx="21" cy="21" r="15.9155" fill="none" stroke-width="5.5" stroke-dasharray="50.00 50.00" stroke-dashoffset="0.00"/><circle class="wasted" cx="21" cy="21" r="15.9155" fill="none" stroke-width="5.5" stroke-dasharray="25.00 75.00" stroke-dashoffset="-50.00"/><text x="21" y="21" text-anchor="middle" dominant-baseline="central">&lt;50 %</text></svg>
<svg class="bar" viewBox="0 0 100 8" role="img" aria-label="nothing" preserveAspectRatio="none"></svg>
0

#!/bin/sh
# Made the pictures in this folder: ImageMagick 6.9.11, ExifTool 12.57, heif-enc
# 1.15 (Debian 12).
set -eu
convert -size 16x12 gradient:red-blue jpeg:plain.jpg
for f in jpg tif webp gif png; do convert plain.jpg x.$f; done
heif-enc -q 10 plain.jpg -o x.heic >/dev/null
heif-enc -q 10 -A plain.jpg -o x.avif >/dev/null
for f in jpg tif webp png heic avif; do
	exiftool -q -overwrite_original -Artist="Zoë Van den Broeck" -XPAuthor="Jürgen Müller" -Copyright="(c) anna@example.be" \
		-UserComment="comment ünïcode" -GPSLatitude=50.8466 -GPSLatitudeRef=N -GPSLongitude=4.3528 -GPSLongitudeRef=W \
		-OwnerName="Owner Name" -SerialNumber=1234567890 -ImageDescription="Described for jan@example.org" \
		-XMP-dc:creator="Creator in XMP" x.$f
done
for f in jpg tif; do
	exiftool -q -overwrite_original -IPTC:By-line="By Line" -IPTC:Contact="contact@example.be" -IPTC:Caption-Abstract="Captiön" -codedcharacterset=utf8 x.$f
done
exiftool -q -overwrite_original -Comment="jpeg comment piet@example.be" x.jpg
exiftool -q -overwrite_original -Comment="gif comment piet@example.be" -XMP-dc:creator="Creator in XMP" x.gif
exiftool -q -overwrite_original -PNG:Author="Author in PNG" -PNG:Title="Tïtle" x.png
printf 'appended +32 2 555 01 23' >>x.jpg
convert x.jpg -set comment 'compressed comment' profiles.png # EXIF and IPTC in hexadecimal
convert plain.jpg plain.bmp
rm plain.jpg
for f in jpg tif webp gif png heic avif; do mv x.$f meta.$f; done
# A page to be recognised.
/usr/bin/python3 - <<'P'
from PIL import Image, ImageDraw, ImageFont
f = ImageFont.truetype('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', 28)
i = Image.new('1', (620, 130), 1)
d = ImageDraw.Draw(i)
d.fontmode = '1'
d.text((20, 20), 'Invoice for Zoe Van den Broeck', 0, font=f)
d.text((20, 70), 'IBAN BE68 5390 0754 7034', 0, font=f)
i.save('page.png', optimize=True)
i.save('page.tif', compression='group4')
i.convert('L').save('page.jpg', quality=30)
i.save('page.pdf')
i.convert('L').save('gray.pdf', quality=30)
P

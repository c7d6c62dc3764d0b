"""Codes that a file geodatabase explains, from the XML of its catalogue."""

from __future__ import annotations

from geodata.readers.geodatabase_rows import codes_in

DOMAIN = """<?xml version="1.0" encoding="UTF-8"?>
<typens:GPCodedValueDomain2 xmlns:typens="http://www.esri.com/schemas/ArcGIS/10.3">
<DomainName>thế hệ</DomainName><FieldType>esriFieldTypeInteger</FieldType><CodedValues>
<CodedValue xsi:type="typens:CodedValue"><Name>3G</Name><Code xsi:type="xs:int">2</Code>
</CodedValue>
<CodedValue xsi:type="typens:CodedValue"><Name>4G &amp; LTE</Name><Code xsi:type="xs:int">3</Code>
</CodedValue></CodedValues></typens:GPCodedValueDomain2>"""
LAYER = """<?xml version="1.0" encoding="UTF-8"?>
<typens:DEFeatureClassInfo xmlns:typens="http://www.esri.com/schemas/ArcGIS/10.3">
<CatalogPath>\\{name}</CatalogPath><Name>{name}</Name><GPFieldInfoExs>
<GPFieldInfoEx xsi:type="typens:GPFieldInfoEx"><Name>OBJECTID</Name></GPFieldInfoEx>
<GPFieldInfoEx xsi:type="typens:GPFieldInfoEx"><Name>technology</Name>
<DomainName>thế hệ</DomainName></GPFieldInfoEx>
</GPFieldInfoExs></typens:DEFeatureClassInfo>"""


def test_codes_of_a_layer_are_those_of_its_columns_domains() -> None:
    texts = [DOMAIN, LAYER.format(name="vung_phu"), "<DEWorkspace/>"]
    assert codes_in(texts, "vung_phu") == {"technology": {"2": "3G", "3": "4G & LTE"}}
    assert codes_in(texts, "another") == {}
    assert codes_in([LAYER.format(name="vung_phu")], "vung_phu") == {}

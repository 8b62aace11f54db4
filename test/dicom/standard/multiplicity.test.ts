import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowsCount, lookUp, tagOfKeyword } from '../../../src/dicom/standard';

/** Which of 0 to 9 values an attribute may have. */
function countsOf(keyword: string): string {
  const { multiplicity } = lookUp(tagOfKeyword(keyword) ?? 0) ?? assert.fail(keyword);
  return [...'0123456789'].filter((count) => allowsCount(multiplicity, Number(count))).join('');
}

describe('the value multiplicity of an attribute', () => {
  it('is that of PS3.6', () => {
    const counts: Record<string, string> = {
      PatientID: '01',
      PixelSpacing: '02',
      ImageOrientationPatient: '06',
      ShutterShape: '0123',
      FieldOfViewDimensions: '012',
      OtherPatientNames: '0123456789',
      ImageType: '023456789',
      LeafPositionBoundaries: '03456789',
      VerticesOfThePolygonalShutter: '02468',
      ContourData: '0369',
    };
    for (const [keyword, expected] of Object.entries(counts))
      assert.equal(countsOf(keyword), expected, keyword);
  });

  it('is known of all attributes; what a dictionary has wrong is right', () => {
    for (const [keyword, expected] of [
      ['MaterialGrade', '01'],
      ['LongTrianglePointIndexList', '01'],
      ['SegmentAlgorithmName', '0123456789'],
    ] as const)
      assert.equal(countsOf(keyword), expected, keyword);
    for (const tag of [0x60020010, 0x00090010, 0x00090000])
      assert.equal(Number.isNaN(lookUp(tag)?.multiplicity.least ?? NaN), false);
  });
});
